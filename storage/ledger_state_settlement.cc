// What records of sales, statements and what concerns them do to a ledger.
//
// All have one shape: an identity with versions, a place in the list of their type, and for
// statements and adjustments their lines. What they may name differs, and is checked here as far as
// it follows from few rows; what needs the lineage or a balance is checked by who computes it.

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_state.h"

namespace tributary {

// Errors of every Check: kNotFound, kFailedPrecondition, kOutOfRange, naming the field.
class LedgerState::SettlementRules {
 public:
  SettlementRules(LedgerState* state, const PreparedFact& fact, TimeMs now)
      : state_(*state), fact_(fact), now_(now), position_(state->head_.tree_size.value) {}

  // A statement has a total for every currency with a carry, and carries do not end: a ledger that
  // could have more of them could one day not be closed.
  absl::Status Check(const CurrencyRecord& currency) {
    const std::uint64_t count = state_.head_.record_counts[kRecordTypeOf<CurrencyRecord>.index];
    if (count < kStatementTotalCountMax) return absl::OkStatus();
    return FieldError(absl::StatusCode::kResourceExhausted, "code",
                      StrCat(currency.code, " after ", count, " currencies"),
                      StrCat("at most ", kStatementTotalCountMax, " currencies in a ledger"));
  }
  absl::Status Check(const TemplateRecord&) { return absl::OkStatus(); }

  absl::Status Check(const PolicyRecord& policy) {
    for (const Fee& fee : policy.fees) {
      TRIBUTARY_RETURN_IF_ERROR(state_.RequireParty(fee.party, "fees.party"));
      if (fee.currency.empty()) continue;
      TRIBUTARY_RETURN_IF_ERROR(RequireCurrency(fee.currency, "fees.currency").status());
    }
    // A term of an asset that is not there would never earn anything, and nobody would be told. A
    // log from before this rule is still replayed.
    if (fact_.accepted_time.has_value()) return absl::OkStatus();
    for (const AbsoluteTerm& term : policy.absolute_terms) {
      TRIBUTARY_RETURN_IF_ERROR(state_.RequireAsset(term.asset, "absolute_terms.asset").status());
    }
    return absl::OkStatus();
  }

  absl::Status Check(const SaleRecord& sale) {
    TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency,
                               RequireCurrency(sale.currency, "currency"));
    TRIBUTARY_RETURN_IF_ERROR(CheckAmount(sale.amount, currency));
    TRIBUTARY_RETURN_IF_ERROR(CheckTreeSize(sale.tree_size));
    TRIBUTARY_RETURN_IF_ERROR(CheckSold(sale.asset, sale.tree_size.value_or(position_)));
    if (sale.policy.has_value()) TRIBUTARY_RETURN_IF_ERROR(RequirePolicy(*sale.policy));
    if (!sale.pending_until.has_value() || *sale.pending_until > now_) return absl::OkStatus();
    return FieldError(absl::StatusCode::kFailedPrecondition, "pending_until",
                      FormatTime(*sale.pending_until),
                      StrCat("after the time of acceptance, which is ", FormatTime(now_)));
  }

  absl::Status Check(const EscrowRecord& escrow) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto sale, Require<SaleRecord>(escrow.sale, "sale", "a sale"));
    if (!sale.body.pending_until.has_value()) {
      return FieldError(absl::StatusCode::kFailedPrecondition, "sale",
                        StrCat(sale.body.reference, ", which is not pending"), "a pending sale");
    }
    if (now_ < *sale.body.pending_until) return absl::OkStatus();
    return FieldError(
        absl::StatusCode::kFailedPrecondition, "sale",
        StrCat(sale.body.reference, ", which expired at ", FormatTime(*sale.body.pending_until)),
        StrCat("a sale that is pending at ", FormatTime(now_)));
  }

  absl::Status Check(const ReversalRecord& reversal) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto sale,
                               Require<SaleRecord>(reversal.sale, "sale", "a sale"));
    return CheckCounts(reversal.sale, sale.body);
  }

  absl::Status Check(const CorrectionRecord& correction) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto sale,
                               Require<SaleRecord>(correction.sale, "sale", "a sale"));
    TRIBUTARY_ASSIGN_OR_RETURN(const bool reversed,
                               IsInForce(ReversalRecord{.sale = correction.sale}));
    if (reversed) {
      return FieldError(absl::StatusCode::kFailedPrecondition, "sale",
                        StrCat(sale.body.reference, ", which was reversed"), "a sale in force");
    }
    TRIBUTARY_RETURN_IF_ERROR(CheckMayCount(correction.sale, sale.body));
    TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency,
                               RequireCurrency(sale.body.currency, "currency"));
    if (correction.amount.has_value()) {
      TRIBUTARY_RETURN_IF_ERROR(CheckAmount(*correction.amount, currency));
    }
    TRIBUTARY_RETURN_IF_ERROR(CheckTreeSize(correction.tree_size));
    const std::uint64_t tree_size =
        correction.tree_size.value_or(sale.body.tree_size.value_or(sale.position.value));
    TRIBUTARY_RETURN_IF_ERROR(CheckSold(correction.asset.value_or(sale.body.asset), tree_size));
    return correction.policy.has_value() ? RequirePolicy(*correction.policy) : absl::OkStatus();
  }

  absl::Status Check(const StatementRecord& statement) {
    TRIBUTARY_RETURN_IF_ERROR(CheckPlaceInChain(statement));
    if (statement.end > position_) {
      return FieldError(absl::StatusCode::kFailedPrecondition, "end", StrCat(statement.end),
                        StrCat("at most the tree size, ", position_));
    }
    if (statement.policy.has_value()) TRIBUTARY_RETURN_IF_ERROR(RequirePolicy(*statement.policy));
    for (const StatementTotal& total : statement.totals) {
      TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency,
                                 RequireCurrency(total.currency, "totals.currency"));
      if (total.fraction_bits == currency.fraction_bits) continue;
      return FieldError(absl::StatusCode::kFailedPrecondition, "totals.fraction_bits",
                        StrCat(total.fraction_bits, " for ", total.currency),
                        StrCat(currency.fraction_bits, ", as the currency's record says"));
    }
    return CheckLines(statement.line_count);
  }

  absl::Status Check(const AdjustmentRecord& adjustment) {
    TRIBUTARY_ASSIGN_OR_RETURN(
        const auto statement,
        Require<StatementRecord>(adjustment.statement, "statement", "a statement"));
    TRIBUTARY_RETURN_IF_ERROR(CheckTreeSize(adjustment.tree_size));
    TRIBUTARY_ASSIGN_OR_RETURN(const auto cause, FindEntry(adjustment.cause));
    if (!cause.has_value()) return UnknownRecord("cause", adjustment.cause, "any record");
    const std::string_view type = PeekTypeName(cause->record_bytes);
    // Lineage counts from the tree size on that a sale is valued at, which is below the end of the
    // statement: whether a sale is that old is checked by who values them.
    const std::uint64_t begin = IsLineage(type) ? 0 : statement.body.end;
    if (cause->position.value < begin || cause->position.value >= adjustment.tree_size) {
      return FieldError(
          absl::StatusCode::kFailedPrecondition, "cause",
          StrCat("a ", type, " at log position ", cause->position.value),
          StrCat("one at ", begin, begin == 0 ? "" : ", the end of the statement,", " to ",
                 adjustment.tree_size, ", exclusive, the tree size of the adjustment"));
    }
    if (adjustment.mode == AdjustmentMode::kProspective &&
        (type == TypeName(ReversalRecord{}) || type == TypeName(HoldReleaseRecord{}))) {
      return FieldError(absl::StatusCode::kFailedPrecondition, "mode",
                        StrCat("prospective for a ", type),
                        "carried_forward or reversal: what it frees would never move");
    }
    for (const AdjustmentTotal& total : adjustment.totals) {
      TRIBUTARY_RETURN_IF_ERROR(RequireCurrency(total.currency, "totals.currency").status());
    }
    return CheckLines(adjustment.line_count);
  }

  absl::Status Check(const HoldRecord& hold) {
    if (hold.asset.has_value()) {
      TRIBUTARY_RETURN_IF_ERROR(state_.RequireAsset(*hold.asset, "asset").status());
    } else if (hold.derivation.has_value()) {
      TRIBUTARY_RETURN_IF_ERROR(
          Require<DerivationRecord>(*hold.derivation, "derivation", "a derivation").status());
    } else if (hold.sale.has_value()) {
      TRIBUTARY_RETURN_IF_ERROR(Require<SaleRecord>(*hold.sale, "sale", "a sale").status());
    } else {
      TRIBUTARY_RETURN_IF_ERROR(state_.RequireParty(hold.party, "party"));
    }
    return hold.claimant.empty() ? absl::OkStatus()
                                 : state_.RequireParty(hold.claimant, "claimant");
  }

  absl::Status Check(const HoldReleaseRecord& release) {
    TRIBUTARY_RETURN_IF_ERROR(Require<HoldRecord>(release.hold, "hold", "a hold").status());
    for (const Holder& recipient : release.recipients) {
      TRIBUTARY_RETURN_IF_ERROR(state_.RequireParty(recipient.party, "recipients.party"));
    }
    return absl::OkStatus();
  }

  absl::Status Check(const MandateRecord& mandate) {
    TRIBUTARY_RETURN_IF_ERROR(state_.RequireParty(mandate.party, "party"));
    return state_.RequireParty(mandate.collector, "collector");
  }

  absl::Status Check(const AssignmentRecord& assignment) {
    TRIBUTARY_RETURN_IF_ERROR(state_.RequireParty(assignment.party, "party"));
    return state_.RequireParty(assignment.assignee, "assignee");
  }

  absl::Status Check(const PartyMergeRecord& merge) {
    TRIBUTARY_RETURN_IF_ERROR(state_.RequireParty(merge.party, "party"));
    return merge.into.empty() ? absl::OkStatus() : state_.RequireParty(merge.into, "into");
  }

  absl::Status Check(const PayoutBatchRecord& batch) {
    TRIBUTARY_RETURN_IF_ERROR(RequireCurrency(batch.currency, "currency").status());
    TRIBUTARY_RETURN_IF_ERROR(CheckTreeSize(batch.tree_size));
    for (const PayoutLine& line : batch.lines) {
      TRIBUTARY_RETURN_IF_ERROR(state_.RequireParty(line.party, "lines.party"));
    }
    return absl::OkStatus();
  }

  absl::Status Check(const PayoutStateRecord& state) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto batch,
                               Require<PayoutBatchRecord>(state.batch, "batch", "a payout batch"));
    if (state.party.empty()) return absl::OkStatus();
    for (const PayoutLine& line : batch.body.lines) {
      if (line.party == state.party) return absl::OkStatus();
    }
    return FieldError(absl::StatusCode::kNotFound, "party", state.party,
                      StrCat("a party that batch ", batch.body.reference, " pays"));
  }

  // The types before these have rules of their own.
  template <typename Body>
  absl::Status Check(const Body&) {
    TRIBUTARY_CHECK(false);
  }

 private:
  struct Entry {
    LogPosition position;
    std::string record_bytes;
  };
  template <typename Body>
  struct Found {
    LogPosition position;
    Body body;
  };

  absl::StatusOr<std::optional<Entry>> FindEntry(const Digest& id) {
    const OwnedKey key = keys::RecordPosition(id);
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, state_.Get(key));
    if (payload == nullptr) return std::optional<Entry>();
    TRIBUTARY_ASSIGN_OR_RETURN(const auto position, Decoded(DecodePosition(*payload), key));
    return ReadEntry(LogPosition{position});
  }

  absl::StatusOr<std::optional<Entry>> ReadEntry(LogPosition position) {
    const OwnedKey key = keys::LogEntry(position);
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, state_.Get(key));
    if (payload == nullptr) return MissingRow(key);
    TRIBUTARY_ASSIGN_OR_RETURN(auto row, Decoded(DecodeLogEntry(*payload), key));
    if (RecordId(row.record_bytes) != row.record_id) {
      return DamagedRow(key.view(), "the record's bytes do not have its digest");
    }
    return std::optional(Entry{position, std::move(row.record_bytes)});
  }

  static absl::Status UnknownRecord(std::string_view field, const Digest& id,
                                    std::string_view what) {
    return FieldError(absl::StatusCode::kNotFound, field, id.ToHex(),
                      StrCat("the record id of ", what));
  }

  template <typename Body>
  absl::StatusOr<Found<Body>> DecodeEntry(const Entry& entry) {
    TRIBUTARY_ASSIGN_OR_RETURN(Record record, DecodeRecord(entry.record_bytes));
    auto* body = std::get_if<Body>(&record.body);
    if (body == nullptr) return absl::InternalError("a record's type was not seen in its bytes");
    return Found<Body>{entry.position, std::move(*body)};
  }

  // The record of this type that has the id.
  template <typename Body>
  absl::StatusOr<Found<Body>> Require(const Digest& id, std::string_view field,
                                      std::string_view what) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto entry, FindEntry(id));
    if (!entry.has_value() || PeekTypeName(entry->record_bytes) != TypeName(Body{})) {
      return UnknownRecord(field, id, what);
    }
    return DecodeEntry<Body>(*entry);
  }

  // The record in force under an identity; nullopt: none.
  template <typename Body>
  absl::StatusOr<std::optional<Entry>> InForce(const Body& probe) {
    TRIBUTARY_ASSIGN_OR_RETURN(const Chain chain, state_.IdentityChain(IdentityOf(probe)));
    if (chain.head.count == 0) return std::optional<Entry>();
    return ReadEntry(chain.head.newest);
  }

  template <typename Body>
  absl::StatusOr<bool> IsInForce(const Body& probe) {
    TRIBUTARY_ASSIGN_OR_RETURN(const Chain chain, state_.IdentityChain(IdentityOf(probe)));
    return chain.head.count > 0;
  }

  absl::StatusOr<CurrencyRecord> RequireCurrency(const std::string& code, std::string_view field) {
    CurrencyRecord probe;
    probe.code = code;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto entry, InForce(probe));
    if (!entry.has_value()) {
      return FieldError(absl::StatusCode::kNotFound, field, code, "a currency that is recorded");
    }
    TRIBUTARY_ASSIGN_OR_RETURN(auto found, DecodeEntry<CurrencyRecord>(*entry));
    return std::move(found.body);
  }

  // Policies are large: one that is only named is not decoded.
  absl::Status RequirePolicy(const Digest& id) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto entry, FindEntry(id));
    if (entry.has_value() && PeekTypeName(entry->record_bytes) == TypeName(PolicyRecord{})) {
      return absl::OkStatus();
    }
    return UnknownRecord("policy", id, "a policy");
  }

  absl::Status CheckAmount(MinorUnits amount, const CurrencyRecord& currency) const {
    const auto bits = static_cast<unsigned>(currency.fraction_bits);
    if (amount.value <= (kMoneyGrainsEnd - 1) >> bits) return absl::OkStatus();
    return FieldError(absl::StatusCode::kOutOfRange, "amount", ToDecimal(amount.value),
                      StrCat("below 2^", 127 - bits, " minor units of ", currency.code,
                             ", which has ", bits, " fraction bits"));
  }

  absl::Status CheckTreeSize(std::optional<std::uint64_t> tree_size) const {
    if (!tree_size.has_value() || *tree_size <= position_) return absl::OkStatus();
    return FieldError(absl::StatusCode::kOutOfRange, "tree_size", StrCat(*tree_size),
                      StrCat("at most the tree size, ", position_));
  }

  absl::Status CheckSold(const Digest& asset, std::uint64_t tree_size) {
    TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber number, state_.RequireAsset(asset, "asset"));
    if (number.value < tree_size) return absl::OkStatus();
    return FieldError(
        absl::StatusCode::kFailedPrecondition, "asset",
        StrCat(asset.ToHex(), ", recorded at log position ", number.value),
        StrCat("an asset recorded before tree size ", tree_size, ", which the sale is valued at"));
  }

  static bool IsLineage(std::string_view type) {
    return type == TypeName(DerivationRecord{}) || type == TypeName(HoldersRecord{}) ||
           type == TypeName(AssetRecord{});
  }

  // What will never count has nothing to correct; a pending sale may still be posted.
  absl::Status CheckMayCount(const Digest& id, const SaleRecord& sale) {
    if (!sale.pending_until.has_value()) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const bool has_ended, IsInForce(EscrowRecord{.sale = id}));
    return !has_ended && now_ < *sale.pending_until ? absl::OkStatus() : CheckCounts(id, sale);
  }

  // A sale that was never posted can not be taken back: it gave nothing.
  absl::Status CheckCounts(const Digest& id, const SaleRecord& sale) {
    if (!sale.pending_until.has_value()) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const auto entry, InForce(EscrowRecord{.sale = id}));
    if (entry.has_value()) {
      TRIBUTARY_ASSIGN_OR_RETURN(const auto escrow, DecodeEntry<EscrowRecord>(*entry));
      if (escrow.body.outcome == EscrowOutcome::kPosted) return absl::OkStatus();
    }
    return FieldError(absl::StatusCode::kFailedPrecondition, "sale",
                      StrCat(sale.reference, entry.has_value()            ? ", which was voided"
                                             : now_ < *sale.pending_until ? ", which is pending"
                                                                          : ", which expired"),
                      "a sale that counts; a pending one is voided");
  }

  absl::Status CheckPlaceInChain(const StatementRecord& statement) {
    const std::uint64_t closed_count =
        state_.head_.record_counts[kRecordTypeOf<StatementRecord>.index];
    if (statement.number != closed_count + 1) {
      return FieldError(absl::StatusCode::kFailedPrecondition, "number", StrCat(statement.number),
                        StrCat(closed_count + 1, ", the next one"));
    }
    std::uint64_t begin = 0;
    if (statement.previous.has_value()) {
      TRIBUTARY_ASSIGN_OR_RETURN(
          const auto previous,
          Require<StatementRecord>(*statement.previous, "previous", "a statement"));
      if (previous.body.number != closed_count) {
        return FieldError(absl::StatusCode::kFailedPrecondition, "previous",
                          StrCat("statement ", previous.body.number),
                          StrCat("statement ", closed_count, ", the last one"));
      }
      begin = previous.body.end;
    }
    if (statement.begin == begin) return absl::OkStatus();
    return FieldError(absl::StatusCode::kFailedPrecondition, "begin", StrCat(statement.begin),
                      StrCat(begin, ", where the statement before ended"));
  }

  absl::Status CheckLines(std::uint64_t line_count) const {
    if (line_count == 0 || fact_.stage.has_value()) return absl::OkStatus();
    return FieldError(absl::StatusCode::kFailedPrecondition, "line_count",
                      StrCat(line_count, " lines that were not given"),
                      "a record with all its lines");
  }

  LedgerState& state_;
  const PreparedFact& fact_;
  const TimeMs now_;
  const std::uint64_t position_;  // that the record will have
};

absl::StatusOr<LogPosition> LedgerState::ApplySettlement(const PreparedFact& fact, TimeMs now) {
  const std::uint64_t derivation_count = head_.record_counts[kRecordTypeOf<DerivationRecord>.index];
  if (fact.derivation_count_seen.value_or(derivation_count) != derivation_count) {
    return FieldError(absl::StatusCode::kAborted, kLineageField, "a derivation since the check",
                      "the lineage that the record was checked against");
  }
  const std::uint64_t sale_count = head_.record_counts[kRecordTypeOf<SaleRecord>.index] +
                                   head_.record_counts[kRecordTypeOf<EscrowRecord>.index];
  if (fact.sale_count_seen.value_or(sale_count) != sale_count) {
    return FieldError(absl::StatusCode::kAborted, kLineageField, "a sale since the check",
                      "the sales that the record was checked against");
  }
  const std::string identity = IdentityOf(fact.record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(Chain chain, IdentityChain(identity));
  TRIBUTARY_RETURN_IF_ERROR(CheckSupersedes(chain, fact));
  SettlementRules rules(this, fact, now);
  TRIBUTARY_RETURN_IF_ERROR(
      std::visit([&rules](const auto& body) { return rules.Check(body); }, fact.record.body));
  const LogPosition position = AppendLog(fact, now);
  const RecordType type = TypeOf(fact.record.body);
  TRIBUTARY_RETURN_IF_ERROR(AddPosition(
      keys::RecordList(type),
      [type](std::uint32_t block) { return keys::RecordListBlock(type, block); }, position));
  if (fact.stage.has_value()) {
    const auto stated = StatedLines(fact.record.body);
    TRIBUTARY_CHECK(stated.has_value());  // no other record is staged
    Put(keys::LineList(position), EncodeLineList({*fact.stage, stated->line_count}));
  }
  AddVersion(&chain, position);
  PutIdentity(identity, chain);
  return position;
}

}  // namespace tributary
