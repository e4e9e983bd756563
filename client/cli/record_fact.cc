#include "client/cli/record_fact.h"

#include "client/cli/asset_ref.h"
#include "client/cli/file_id.h"
#include "client/cli/import_batch.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "client/lib/fact_sender.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

// docs/formats: private details hold at most this many bytes.
constexpr std::size_t kPrivateSizeMax = 65'536;

// Sends one body through its own method.
template <typename Service, typename Request, typename Response, typename SetBody>
absl::StatusOr<v1::RecordReceipt> Call(Session& session, const v1::Fact& fact,
                                       grpc::Status (Service::*method)(grpc::ClientContext*,
                                                                       const Request&, Response*),
                                       SetBody&& set_body) {
  Request request;
  request.set_ledger(session.ledger);
  if (fact.has_options()) *request.mutable_options() = fact.options();
  set_body(&request);
  TRIBUTARY_ASSIGN_OR_RETURN(const Response response, session.client().Call(method, request));
  return response.receipt();
}

absl::StatusOr<v1::RecordReceipt> CallDerivation(Session& session, const v1::Fact& fact,
                                                 const ImportFact& source,
                                                 bool allow_unknown_inputs) {
  using Stub = v1::LineageService::Stub;
  if (source.edges.size() > kInlineEdgeCountMax) {
    const SendOptions options{.ledger = session.ledger,
                              .allow_unknown_inputs = allow_unknown_inputs};
    return StreamDerivation(session.client(), options, fact.derivation().derivation(),
                            fact.options(), source.edges);
  }
  return Call(session, fact, &Stub::RecordDerivation, [&](v1::RecordDerivationRequest* request) {
    *request->mutable_derivation() = fact.derivation();
    request->set_allow_unknown_inputs(allow_unknown_inputs);
  });
}

absl::StatusOr<v1::RecordReceipt> SendSettlement(Session& session, const v1::Fact& fact) {
  using Stub = v1::SettlementService::Stub;
  switch (fact.body_case()) {
    case v1::Fact::kCurrency:
      return Call(session, fact, &Stub::RecordCurrency,
                  [&](v1::RecordCurrencyRequest* r) { *r->mutable_currency() = fact.currency(); });
    case v1::Fact::kTemplate:
      return Call(session, fact, &Stub::RecordTemplate, [&](v1::RecordTemplateRequest* r) {
        *r->mutable_template_() = fact.template_();
      });
    case v1::Fact::kPolicy:
      return Call(session, fact, &Stub::RecordPolicy,
                  [&](v1::RecordPolicyRequest* r) { *r->mutable_policy() = fact.policy(); });
    case v1::Fact::kSale:
      return Call(session, fact, &Stub::RecordSale,
                  [&](v1::RecordSaleRequest* r) { *r->mutable_sale() = fact.sale(); });
    case v1::Fact::kEscrow:
      return Call(session, fact, &Stub::SettleEscrow,
                  [&](v1::SettleEscrowRequest* r) { *r->mutable_escrow() = fact.escrow(); });
    case v1::Fact::kReversal:
      return Call(session, fact, &Stub::ReverseSale,
                  [&](v1::ReverseSaleRequest* r) { *r->mutable_reversal() = fact.reversal(); });
    case v1::Fact::kCorrection:
      return Call(session, fact, &Stub::CorrectSale,
                  [&](v1::CorrectSaleRequest* r) { *r->mutable_correction() = fact.correction(); });
    case v1::Fact::kHold:
      return Call(session, fact, &Stub::PlaceHold,
                  [&](v1::PlaceHoldRequest* r) { *r->mutable_hold() = fact.hold(); });
    case v1::Fact::kHoldRelease:
      return Call(session, fact, &Stub::ReleaseHold,
                  [&](v1::ReleaseHoldRequest* r) { *r->mutable_release() = fact.hold_release(); });
    case v1::Fact::kMandate:
      return Call(session, fact, &Stub::RecordMandate,
                  [&](v1::RecordMandateRequest* r) { *r->mutable_mandate() = fact.mandate(); });
    case v1::Fact::kAssignment:
      return Call(session, fact, &Stub::RecordAssignment, [&](v1::RecordAssignmentRequest* r) {
        *r->mutable_assignment() = fact.assignment();
      });
    case v1::Fact::kPartyMerge:
      return Call(session, fact, &Stub::RecordPartyMerge, [&](v1::RecordPartyMergeRequest* r) {
        *r->mutable_party_merge() = fact.party_merge();
      });
    case v1::Fact::kPayoutState:
      return Call(session, fact, &Stub::RecordPayoutState, [&](v1::RecordPayoutStateRequest* r) {
        *r->mutable_payout_state() = fact.payout_state();
      });
    default:
      return absl::InternalError("record: a fact without a method to record it");
  }
}

absl::StatusOr<v1::RecordReceipt> Send(Session& session, const ImportFact& source,
                                       bool allow_unknown_inputs) {
  using Stub = v1::LineageService::Stub;
  const v1::Fact fact = ToFact(source.record, source.edges, source.details);
  switch (fact.body_case()) {
    case v1::Fact::kParty:
      return Call(session, fact, &Stub::RecordParty,
                  [&](v1::RecordPartyRequest* r) { *r->mutable_party() = fact.party(); });
    case v1::Fact::kAsset:
      return Call(session, fact, &Stub::RecordAsset,
                  [&](v1::RecordAssetRequest* r) { *r->mutable_asset() = fact.asset(); });
    case v1::Fact::kAlias:
      return Call(session, fact, &Stub::RecordAlias,
                  [&](v1::RecordAliasRequest* r) { *r->mutable_alias() = fact.alias(); });
    case v1::Fact::kHolders:
      return Call(session, fact, &Stub::RecordHolders,
                  [&](v1::RecordHoldersRequest* r) { *r->mutable_holders() = fact.holders(); });
    case v1::Fact::kConsent:
      return Call(session, fact, &Stub::RecordConsent,
                  [&](v1::RecordConsentRequest* r) { *r->mutable_consent() = fact.consent(); });
    case v1::Fact::kDerivation:
      return CallDerivation(session, fact, source, allow_unknown_inputs);
    default:
      return SendSettlement(session, fact);
  }
}

// Completes the fact in the way of an import, which checks it too.
absl::StatusOr<ImportFact> Complete(Session& session, const std::string& ledger, FactLine line) {
  ImportBatch batch{.ledger = ledger, .files = {"arguments"}, .facts = {}, .problems = {}};
  absl::StatusOr<ImportFact> fact = FactFromFields(std::move(line), ledger);
  if (!fact.ok()) return UsageError(fact.status());
  batch.facts.push_back(*std::move(fact));
  TRIBUTARY_RETURN_IF_ERROR(ResolveAliases(LedgerAliases(session, ledger), &batch));
  PrepareFacts(&batch);
  if (!batch.problems.empty()) return UsageError(batch.problems[0].status);
  return std::move(batch.facts[0]);
}

// Puts what the flags say into the fields; what was made here into `extra`.
absl::Status ApplyFlags(const RecordFlags& flags, FactLine* line, Json* extra) {
  PutText("supersedes", flags.supersedes, &line->fields);
  if (flags.blind == "random") {
    TRIBUTARY_ASSIGN_OR_RETURN(const Digest blind, RandomSalt());
    PutText("blind", blind.ToHex(), &line->fields);
    (*extra)["blind"] = blind.ToHex();
  } else {
    PutText("blind", flags.blind, &line->fields);
  }
  return absl::OkStatus();
}

absl::Status AttachPrivate(const RecordFlags& flags, FactLine* line,
                           std::optional<PrivateBytes>* details, Json* extra) {
  if (flags.private_file.empty()) {
    if (flags.salt_file.empty()) return absl::OkStatus();
    return UsageError("--private-salt-file: needs --private-file");
  }
  PrivateBytes bytes;
  TRIBUTARY_ASSIGN_OR_RETURN(bytes.content, ReadFile(flags.private_file, kPrivateSizeMax));
  absl::StatusOr<Digest> salt =
      flags.salt_file.empty() ? RandomSalt() : SaltFromFile(flags.salt_file);
  TRIBUTARY_RETURN_IF_ERROR(salt.status());
  bytes.salt = *salt;
  (*extra)["private_salt"] = bytes.salt.ToHex();
  PutText("details_digest", bytes.ComputeDigest().ToHex(), &line->fields);
  *details = std::move(bytes);
  return absl::OkStatus();
}

void EmitReceipt(const Session& session, const ImportFact& fact, const v1::RecordReceipt& receipt,
                 const Json& extra) {
  Json json{{"type", TypeName(fact.record.body)}, {"record_id", ToHex(receipt.record_id())}};
  if (const Digest* subject = SubjectOf(fact.record.body)) json["asset"] = subject->ToHex();
  json["position"] = receipt.position();
  json["accepted"] = FormatTime(TimeMs{static_cast<std::uint64_t>(receipt.accepted_ms())});
  json["tree_size"] = receipt.tree_size();
  json["already_recorded"] = receipt.already_recorded();
  json.update(extra);
  session.Emit(
      [&] { return json; },
      [&] {
        View view;
        std::vector<Cell> row;
        view.closing = receipt.already_recorded() ? "Was recorded already.\n" : "Recorded.\n";
        for (const auto& [key, value] : json.items()) {
          const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
          view.table.columns.push_back({"", key});
          row.emplace_back(text);
          StrAppend(&view.closing, "  ", key, ": ", EscapeForTerminal(text), "\n");
        }
        view.table.rows = {row};
        return view;
      });
}

}  // namespace

void AddRecordFlags(CLI::App* command, RecordFlags* flags) {
  command->add_option("--supersedes", flags->supersedes,
                      "Id of the record in force that this one replaces");
  command->add_option(
      "--private-file", flags->private_file,
      "File kept apart as private details; the record holds only its salted digest");
  command->add_option("--private-salt-file", flags->salt_file,
                      "Salt of the private details: read from here, or made and written here");
  command->add_option("--blind", flags->blind,
                      "64 hex digits that make the record's id unguessable, or `random`");
}

absl::Status RecordFact(Session& session, FactLine line, const RecordFlags& flags,
                        bool allow_unknown_inputs, const Json& extra) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  Json made = extra;
  std::optional<PrivateBytes> details;
  TRIBUTARY_RETURN_IF_ERROR(ApplyFlags(flags, &line, &made));
  TRIBUTARY_RETURN_IF_ERROR(AttachPrivate(flags, &line, &details, &made));
  TRIBUTARY_ASSIGN_OR_RETURN(ImportFact fact, Complete(session, ledger, std::move(line)));
  fact.details = std::move(details);
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::RecordReceipt receipt,
                             Send(session, fact, allow_unknown_inputs));
  if (receipt.record_id() != fact.record_id.view()) {
    return absl::DataLossError(StrCat("record: the server answered ", ToHex(receipt.record_id()),
                                      "; the id computed here is ", fact.record_id.ToHex()));
  }
  EmitReceipt(session, fact, receipt, made);
  return absl::OkStatus();
}

FactLine NewLine(std::string_view type) {
  FactLine line;
  line.fields.emplace("type", type);
  return line;
}

void PutText(std::string_view key, std::string_view value, JsonValue::Object* fields) {
  if (!value.empty()) fields->insert_or_assign(std::string(key), JsonValue(value));
}

absl::Status PutPairs(std::string_view key, const std::vector<std::string>& texts,
                      JsonValue::Object* fields) {
  JsonValue::List pairs;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos || equals == 0) {
      return UsageError(InvalidField(key, Quoted(text), "KEY=VALUE"));
    }
    // Not from an initializer list: g++ 12 at -O2 then reports array bounds that nobody oversteps.
    JsonValue::List pair;
    pair.emplace_back(text.substr(0, equals));
    pair.emplace_back(text.substr(equals + 1));
    pairs.emplace_back(std::move(pair));
  }
  if (!pairs.empty()) fields->emplace(key, std::move(pairs));
  return absl::OkStatus();
}

}  // namespace tributary::cli
