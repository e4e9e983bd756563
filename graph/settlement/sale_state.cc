#include "graph/settlement/sale_state.h"

#include <algorithm>
#include <span>
#include <utility>

#include "graph/lineage/limits.h"
#include "graph/model/status.h"
#include "graph/settlement/record_scan.h"

namespace tributary {
namespace {

constexpr std::size_t kSalesBatchCount = 4096;

std::string Name(const Digest& id) { return StrCat("record ", id.ToHex()); }

// Reads reversals and corrections into one map, so that a million sales cost no look-up each.
class ChangeMap {
 public:
  explicit ChangeMap(std::size_t count_max) : count_max_(count_max) {}

  absl::Status Read(const SettlementReader& at_end, LogPosition begin, const CancelToken* cancel) {
    TRIBUTARY_RETURN_IF_ERROR(ForEachRecord<ReversalRecord>(
        at_end, begin, cancel, [this](const LoggedRecord&, const ReversalRecord& reversal) {
          changes_[reversal.sale].is_reversed = true;
          return CheckCount();
        }));
    // A later correction supersedes an earlier one of the same sale.
    return ForEachRecord<CorrectionRecord>(
        at_end, begin, cancel, [this](const LoggedRecord&, const CorrectionRecord& correction) {
          changes_[correction.sale].correction = correction;
          return CheckCount();
        });
  }

  SaleChanges Of(const Digest& sale) const {
    const auto found = changes_.find(sale);
    return found == changes_.end() ? SaleChanges{} : found->second;
  }

 private:
  absl::Status CheckCount() const {
    if (changes_.size() <= count_max_) return absl::OkStatus();
    return LimitMet("change_count_max", changes_.size(), count_max_);
  }

  const std::size_t count_max_;
  absl::flat_hash_map<Digest, SaleChanges> changes_;
};

class SaleReading {
 public:
  SaleReading(const SettlementReader& at_end, LogPosition begin, const SaleLimits& limits,
              const CancelToken* cancel, SaleTable* table)
      : at_end_(at_end),
        begin_(begin),
        limits_(limits),
        cancel_(cancel),
        table_(table),
        changes_(limits.change_count_max) {}

  absl::Status Run() {
    TRIBUTARY_RETURN_IF_ERROR(FindPosted());
    LogPosition oldest = begin_;
    for (const Posted& posted : posted_) oldest = std::min(oldest, posted.sale);
    TRIBUTARY_RETURN_IF_ERROR(changes_.Read(at_end_, oldest, cancel_));
    TRIBUTARY_RETURN_IF_ERROR(ForEachRecord<SaleRecord>(
        at_end_, begin_, cancel_, [this](const LoggedRecord& logged, const SaleRecord& sale) {
          // One that was in escrow counts from its posting on.
          return sale.pending_until ? absl::OkStatus() : Add(logged, changes_.Of(logged.id));
        }));
    TRIBUTARY_RETURN_IF_ERROR(AddPosted());
    std::sort(table_->sales.begin(), table_->sales.end(),
              [](const CountedSale& a, const CountedSale& b) { return a.position < b.position; });
    return absl::OkStatus();
  }

 private:
  struct Posted {
    LogPosition sale;
    LogPosition posting;
  };

  absl::Status FindPosted() {
    return ForEachRecord<EscrowRecord>(
        at_end_, begin_, cancel_, [this](const LoggedRecord& logged, const EscrowRecord& escrow) {
          if (escrow.outcome != EscrowOutcome::kPosted) return absl::OkStatus();
          TRIBUTARY_ASSIGN_OR_RETURN(const auto sale, at_end_.FindRecord(escrow.sale));
          if (!sale.has_value()) {
            return absl::DataLossError(StrCat("escrow ", Name(logged.id), " names no record"));
          }
          posted_.push_back({sale->position, logged.position});
          return CheckCount(posted_.size());
        });
  }

  absl::Status AddPosted() {
    std::vector<LogPosition> positions;
    std::vector<LoggedRecord> records;
    for (std::size_t begin = 0; begin < posted_.size(); begin += kSalesBatchCount) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const auto batch =
          std::span(posted_).subspan(begin, std::min(kSalesBatchCount, posted_.size() - begin));
      positions.clear();
      for (const Posted& posted : batch) positions.push_back(posted.sale);
      TRIBUTARY_RETURN_IF_ERROR(at_end_.ReadRecords(positions, &records));
      if (records.size() != batch.size()) {
        return absl::DataLossError(
            StrCat("found ", records.size(), " of ", batch.size(), " sales that were posted"));
      }
      for (std::size_t i = 0; i < batch.size(); ++i) {
        SaleChanges changes = changes_.Of(records[i].id);
        changes.escrow = EscrowOutcome::kPosted;
        changes.escrow_position = batch[i].posting;
        const auto* sale = std::get_if<SaleRecord>(&records[i].record.body);
        // A sale that never was in escrow counts already.
        if (sale != nullptr && !sale->pending_until) continue;
        TRIBUTARY_RETURN_IF_ERROR(Add(records[i], changes));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Add(const LoggedRecord& logged, const SaleChanges& changes) {
    TRIBUTARY_ASSIGN_OR_RETURN(const SaleState state, StateOf(logged, changes));
    if (state.standing != SaleStanding::kCounts) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const CountedSale sale, table_->Bind(state));
    table_->sales.push_back(sale);
    return CheckCount(table_->sales.size());
  }

  absl::Status CheckCount(std::size_t count) const {
    if (count <= limits_.sale_count_max) return absl::OkStatus();
    return LimitMet("sale_count_max", count, limits_.sale_count_max);
  }

  const SettlementReader& at_end_;
  const LogPosition begin_;
  const SaleLimits& limits_;
  const CancelToken* cancel_;
  SaleTable* table_;
  ChangeMap changes_;
  std::vector<Posted> posted_;
};

}  // namespace

absl::StatusOr<SaleState> StateOf(const LoggedRecord& logged, const SaleChanges& changes) {
  const auto* sale = std::get_if<SaleRecord>(&logged.record.body);
  if (sale == nullptr) {
    return InvalidField("sale", StrCat(TypeName(logged.record.body), " ", Name(logged.id)),
                        "the record id of a sale");
  }
  SaleState state;
  state.position = logged.position;
  state.id = logged.id;
  state.reference = sale->reference;
  state.earned_at = logged.position;
  if (sale->pending_until) {
    if (!changes.escrow) state.standing = SaleStanding::kPending;
    if (changes.escrow == EscrowOutcome::kVoided) state.standing = SaleStanding::kVoided;
    if (changes.escrow == EscrowOutcome::kPosted) state.earned_at = changes.escrow_position;
  }
  if (changes.is_reversed) state.standing = SaleStanding::kReversed;
  const CorrectionRecord none;
  const CorrectionRecord& correction = changes.correction ? *changes.correction : none;
  state.asset = correction.asset.value_or(sale->asset);
  state.amount = correction.amount.value_or(sale->amount);
  state.currency = sale->currency;
  const std::optional<std::uint64_t> tree_size =
      correction.tree_size ? correction.tree_size : sale->tree_size;
  state.valued_at = {tree_size.value_or(logged.position.value)};
  state.policy = correction.policy ? correction.policy : sale->policy;
  return state;
}

absl::StatusOr<SaleState> ReadSaleState(const SettlementReader& reader, const LoggedRecord& sale) {
  SaleChanges changes;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto escrow, reader.FindInForce(EscrowRecord{.sale = sale.id}));
  if (escrow.has_value()) {
    changes.escrow = std::get<EscrowRecord>(escrow->record.body).outcome;
    changes.escrow_position = escrow->position;
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto reversal,
                             reader.FindInForce(ReversalRecord{.sale = sale.id}));
  changes.is_reversed = reversal.has_value();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto correction,
                             reader.FindInForce(CorrectionRecord{.sale = sale.id}));
  if (correction.has_value()) {
    changes.correction = std::get<CorrectionRecord>(correction->record.body);
  }
  return StateOf(sale, changes);
}

absl::Status AboutSale(const absl::Status& status, std::string_view reference, const Digest& id) {
  absl::Status named(status.code(),
                     StrCat("sale ", Quoted(reference), " (", Name(id),
                            "): ", FromAbsl(status.message()), ". Correct or reverse this sale"));
  const std::string field = FieldOf(status);
  return field.empty() ? named : WithField(std::move(named), field);
}

absl::StatusOr<CountedSale> SaleTable::Bind(const SaleState& state) {
  CountedSale sale{state.position, state.earned_at, state.valued_at, {}, state.amount};
  const auto currency = FindCurrency(state.currency);
  if (!currency.ok()) return AboutSale(currency.status(), state.reference, state.id);
  const auto policy = FindPolicy(state.policy ? state.policy : default_policy_);
  if (!policy.ok()) return AboutSale(policy.status(), state.reference, state.id);
  const auto asset = FindAsset(state.asset, state.valued_at);
  if (!asset.ok()) return AboutSale(asset.status(), state.reference, state.id);
  sale.currency = *currency;
  sale.policy = *policy;
  sale.asset = *asset;
  return sale;
}

absl::StatusOr<std::uint32_t> SaleTable::FindCurrency(const std::string& code) {
  const auto [known, is_new] = currency_indices_.try_emplace(code, currencies_.size());
  if (!is_new) return known->second;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto logged, reader_.FindInForce(CurrencyRecord{.code = code}));
  if (!logged.has_value()) {
    currency_indices_.erase(code);
    return InvalidField("currency", Quoted(code), "a currency of this ledger");
  }
  currencies_.push_back(std::get<CurrencyRecord>(logged->record.body));
  return static_cast<std::uint32_t>(currencies_.size() - 1);
}

absl::StatusOr<std::uint32_t> SaleTable::FindPolicy(const std::optional<Digest>& id) {
  if (!id.has_value()) {
    if (!no_policy_.has_value()) {
      no_policy_ = static_cast<std::uint32_t>(policies_.size());
      policies_.emplace_back();
    }
    return *no_policy_;
  }
  const auto known = policy_indices_.find(*id);
  if (known != policy_indices_.end()) return known->second;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto logged, reader_.FindRecord(*id));
  const PolicyRecord* record =
      logged.has_value() ? std::get_if<PolicyRecord>(&logged->record.body) : nullptr;
  if (record == nullptr) {
    return InvalidField("policy", id->ToHex(), "the record id of a policy of this ledger");
  }
  Policy policy{*record, {}};
  for (const AbsoluteTerm& term : record->absolute_terms) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, reader_.FindAsset(term.asset));
    if (asset.has_value()) policy.terms.push_back({*asset, term.asset, term.ppm});
  }
  const auto index = static_cast<std::uint32_t>(policies_.size());
  policies_.push_back(std::move(policy));
  policy_indices_.emplace(*id, index);
  return index;
}

absl::StatusOr<AssetNumber> SaleTable::FindAsset(const Digest& asset, TreeSize valued_at) {
  auto known = assets_.find(asset);
  if (known == assets_.end()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto number, reader_.FindAsset(asset));
    if (!number.has_value()) {
      return InvalidField("asset", asset.ToHex(), "an asset of this ledger");
    }
    known = assets_.emplace(asset, *number).first;
  }
  if (valued_at > reader_.tree_size()) {
    return InvalidField("tree_size", StrCat(valued_at.value),
                        StrCat("at most ", reader_.tree_size().value));
  }
  if (known->second.value < valued_at.value) return known->second;
  return InvalidField(
      "asset", StrCat(asset.ToHex(), ", recorded at position ", known->second.value),
      StrCat("one recorded below tree size ", valued_at.value, ", at which the sale is valued"));
}

absl::Status ReadSales(const SettlementReader& at_end, LogPosition begin, const SaleLimits& limits,
                       const CancelToken* cancel, SaleTable* table) {
  return SaleReading(at_end, begin, limits, cancel, table).Run();
}

}  // namespace tributary
