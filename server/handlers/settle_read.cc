#include "server/handlers/settle_read.h"

#include <map>

#include "graph/settlement/close.h"
#include "graph/settlement/statement_lines.h"
#include "server/handlers/settle_list.h"

namespace tributary::server {
namespace {

// --- Policies and templates: the same shape under two names ---

absl::Status FillVersion(const LedgerView& view, const StoredRecord& record,
                         v1::PolicyView* message) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto body, BodyOf<PolicyRecord>(record));
  ToProto(body, message->mutable_policy());
  ToProto(record, message->mutable_record());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto superseded_by, view.SupersededBy(record));
  if (superseded_by.has_value()) message->set_superseded_by(ToProto(*superseded_by));
  return absl::OkStatus();
}

absl::Status FillVersion(const LedgerView& view, const StoredRecord& record,
                         v1::TemplateView* message) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto body, BodyOf<TemplateRecord>(record));
  ToProto(body, message->mutable_template_());
  ToProto(record, message->mutable_record());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto superseded_by, view.SupersededBy(record));
  if (superseded_by.has_value()) message->set_superseded_by(ToProto(*superseded_by));
  return absl::OkStatus();
}

template <typename Body>
Body Named(std::string name) {
  Body body;
  body.name = std::move(name);
  return body;
}

template <typename Body, typename Request>
absl::StatusOr<StoredRecord> FindVersion(const LedgerView& view, const Request& request,
                                         std::string_view what) {
  if (request.which_case() == Request::kRecordId) {
    return RequireRecord<Body>(view, request.record_id(), "record_id", what);
  }
  return RequireInForce(view, Named<Body>(request.name()), "name", request.name(), what);
}

// With a name all its versions, oldest first; else the version in force of each name, in the order
// of their first records.
template <typename Body, typename Request, typename Add>
absl::StatusOr<std::string> ListVersions(Env& env, const Request& request, const Page& page,
                                         Add add) {
  const LedgerView& view = *page.view;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, PageSizeOf(env, request));
  const auto list = [&](const StoredRecord& record) -> absl::StatusOr<std::size_t> {
    TRIBUTARY_ASSIGN_OR_RETURN(const Body body, BodyOf<Body>(record));
    if (!request.name().empty()) {
      if (body.name != request.name()) return std::size_t{0};
      TRIBUTARY_RETURN_IF_ERROR(FillVersion(view, record, add()));
      return record.bytes.size();
    }
    if (record.record.supersedes.has_value()) return std::size_t{0};
    TRIBUTARY_ASSIGN_OR_RETURN(const auto in_force, view.FindInForce(body));
    if (!in_force.has_value())
      return absl::InternalError("a recorded name has no version in force");
    TRIBUTARY_RETURN_IF_ERROR(FillVersion(view, *in_force, add()));
    return in_force->bytes.size();
  };
  return ListRecordPage(env, page, kRecordTypeOf<Body>, {}, page_size, list);
}

// --- Holds ---

// Minor units that statements added to a line that holds, less what they took back, and its carry.
struct Held {
  Uint128 added = 0;
  Uint128 released = 0;
  Grains carry = 0;
};

// Over all statements, by currency.
absl::StatusOr<std::map<std::string, Held>> ReadHeld(Env& env, const SettlementView& reader,
                                                     const std::string& payee) {
  std::map<std::string, Held> held;
  for (std::uint64_t number = 1;; ++number) {
    TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    TRIBUTARY_ASSIGN_OR_RETURN(const auto record, FindStatement(reader, number));
    if (!record.has_value()) return held;
    const auto& statement = std::get<StatementRecord>(record->record.body);
    std::vector<LineKey> keys;
    for (const StatementTotal& total : statement.totals) keys.push_back({total.currency, payee});
    std::sort(keys.begin(), keys.end());
    TRIBUTARY_ASSIGN_OR_RETURN(
        const auto lines,
        FindLines(reader, {record->position, statement.line_count}, keys, &env.cancel));
    for (auto& [code, sums] : held) sums.carry = 0;  // none, unless this statement says so
    for (const auto& line : lines) {
      if (!line.has_value()) continue;
      Held& sums = held[line->currency];
      sums.added += line->paid.value;
      sums.released += line->released.value;
      sums.carry = line->carry;
    }
  }
}

absl::Status FillHeld(Env& env, const SettlementView& reader, const Digest& hold,
                      v1::HoldView* message) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto held, ReadHeld(env, reader, StrCat("hold:", hold.ToHex())));
  for (const auto& [code, sums] : held) {
    if (sums.released > sums.added) {
      return absl::DataLossError(
          StrCat("statements took back more than they added to hold ", hold.ToHex(), " in ", code));
    }
    if (sums.added == sums.released && sums.carry == 0) continue;
    v1::HeldAmount* amount = message->add_held();
    TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency,
                               RequireCurrency(reader.view(), code, "currency"));
    ToProto(currency, amount->mutable_currency());
    amount->set_held(ToProto(MinorUnits{sums.added - sums.released}));
    amount->set_carry(ToBigEndian(sums.carry));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::HoldView> MakeHold(Env& env, const SettlementView& reader,
                                      const StoredRecord& record) {
  v1::HoldView message;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto hold, BodyOf<HoldRecord>(record));
  ToProto(hold, message.mutable_hold());
  ToProto(record, message.mutable_record());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto released,
                             reader.view().FindInForce(HoldReleaseRecord{.hold = record.id}));
  if (released.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto release, BodyOf<HoldReleaseRecord>(*released));
    ToProto(release, message.mutable_release());
    ToProto(*released, message.mutable_release_record());
  }
  TRIBUTARY_RETURN_IF_ERROR(FillHeld(env, reader, record.id, &message));
  return message;
}

}  // namespace

absl::Status GetPolicy(Env& env, const v1::GetPolicyRequest& request,
                       v1::GetPolicyResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record,
                             FindVersion<PolicyRecord>(*view, request, "a policy"));
  response->set_tree_size(view->tree_size().value);
  return FillVersion(*view, record, response->mutable_policy());
}

absl::Status ListPolicies(Env& env, const v1::ListPoliciesRequest& request,
                          v1::ListPoliciesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      ListVersions<PolicyRecord>(env, request, page, [&] { return response->add_policies(); }));
  response->set_tree_size(page.view->tree_size().value);
  return absl::OkStatus();
}

absl::Status GetTemplate(Env& env, const v1::GetTemplateRequest& request,
                         v1::GetTemplateResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record,
                             FindVersion<TemplateRecord>(*view, request, "a template"));
  response->set_tree_size(view->tree_size().value);
  return FillVersion(*view, record, response->mutable_template_());
}

absl::Status ListTemplates(Env& env, const v1::ListTemplatesRequest& request,
                           v1::ListTemplatesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      ListVersions<TemplateRecord>(env, request, page, [&] { return response->add_templates(); }));
  response->set_tree_size(page.view->tree_size().value);
  return absl::OkStatus();
}

absl::Status ListCurrencies(Env& env, const v1::ListCurrenciesRequest& request,
                            v1::ListCurrenciesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, PageSizeOf(env, request));
  const auto list = [&](const StoredRecord& record) -> absl::StatusOr<std::size_t> {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto currency, BodyOf<CurrencyRecord>(record));
    if (!request.code().empty() && currency.code != request.code()) return std::size_t{0};
    v1::CurrencyView* message = response->add_currencies();
    ToProto(currency, message->mutable_currency());
    ToProto(record, message->mutable_record());
    return record.bytes.size();
  };
  TRIBUTARY_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      ListRecordPage(env, page, kRecordTypeOf<CurrencyRecord>, {}, page_size, list));
  response->set_tree_size(page.view->tree_size().value);
  return absl::OkStatus();
}

absl::Status GetHold(Env& env, const v1::GetHoldRequest& request, v1::GetHoldResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, OpenView(env, request.ledger(), request.at()));
  const auto find = [&]() -> absl::StatusOr<StoredRecord> {
    if (request.which_case() == v1::GetHoldRequest::kRecordId) {
      return RequireRecord<HoldRecord>(*view, request.record_id(), "record_id", "a hold");
    }
    HoldRecord probe;
    probe.reference = request.reference();
    return RequireInForce(*view, probe, "reference", request.reference(),
                          "the reference of a hold");
  };
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, find());
  response->set_tree_size(view->tree_size().value);
  TRIBUTARY_ASSIGN_OR_RETURN(*response->mutable_hold(),
                             MakeHold(env, SettlementView(view), record));
  return absl::OkStatus();
}

absl::Status ListHolds(Env& env, const v1::ListHoldsRequest& request,
                       v1::ListHoldsResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, PageSizeOf(env, request));
  const SettlementView reader(page.view);
  const auto list = [&](const StoredRecord& record) -> absl::StatusOr<std::size_t> {
    TRIBUTARY_ASSIGN_OR_RETURN(v1::HoldView hold, MakeHold(env, reader, record));
    if (hold.has_release() && !request.include_released()) return std::size_t{0};
    const std::size_t size = hold.ByteSizeLong();
    *response->add_holds() = std::move(hold);
    return size;
  };
  TRIBUTARY_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      ListRecordPage(env, page, kRecordTypeOf<HoldRecord>, {}, page_size, list));
  response->set_tree_size(page.view->tree_size().value);
  return absl::OkStatus();
}

}  // namespace tributary::server
