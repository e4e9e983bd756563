// GetSale, ListSales, QuoteSale: what a sale is, and what it gives whom and why.

#include <algorithm>
#include <tuple>

#include "graph/model/ordering.h"
#include "graph/settlement/explain.h"
#include "graph/settlement/sale_adjustments.h"
#include "server/convert/enums.h"
#include "server/handlers/settle_read.h"
#include "server/handlers/statement_parts.h"

namespace tributary::server {
namespace {

// --- What became of a sale ---

absl::StatusOr<v1::SaleStatus> StatusOf(const LedgerView& view, const SaleRecord& sale,
                                        SaleStanding standing) {
  switch (standing) {
    case SaleStanding::kCounts:
      return v1::SALE_STATUS_POSTED;
    case SaleStanding::kVoided:
      return v1::SALE_STATUS_VOIDED;
    case SaleStanding::kReversed:
      return v1::SALE_STATUS_REVERSED;
    case SaleStanding::kPending:
      break;
  }
  // By the time of the last record that is seen, so that the answer stays the same for ever.
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord last,
                             view.ReadRecord(LogPosition{view.tree_size().value - 1}));
  return last.accepted_time < *sale.pending_until ? v1::SALE_STATUS_PENDING
                                                  : v1::SALE_STATUS_EXPIRED;
}

template <typename Probe>
absl::Status FillRef(const LedgerView& view, const Probe& probe,
                     v1::RecordRef* (*ref)(v1::SaleView*), v1::SaleView* message) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto record, view.FindInForce(probe));
  if (record.has_value()) ToProto(*record, ref(message));
  return absl::OkStatus();
}

struct SaleAndState {
  SaleRecord sale;
  SaleState state;
};

absl::StatusOr<SaleAndState> ReadState(const SettlementView& reader, const StoredRecord& record) {
  TRIBUTARY_ASSIGN_OR_RETURN(SaleRecord sale, BodyOf<SaleRecord>(record));
  TRIBUTARY_ASSIGN_OR_RETURN(SaleState state, ReadSaleState(reader, Logged(record)));
  return SaleAndState{std::move(sale), std::move(state)};
}

// Why nobody is owed anything for a sale; empty where it counts, did in a statement, or still may.
std::string_view NothingOwed(v1::SaleStatus status, std::uint64_t statement_number) {
  switch (status) {
    case v1::SALE_STATUS_VOIDED:
      return "the sale was voided while it was pending";
    case v1::SALE_STATUS_EXPIRED:
      return "the sale expired before it was posted";
    case v1::SALE_STATUS_REVERSED:
      return statement_number == 0 ? "the sale was reversed before a statement closed it" : "";
    default:
      return "";
  }
}

absl::Status FillSale(const SettlementView& reader, const StoredRecord& record,
                      const SaleAndState& sale, v1::SaleStatus status, v1::SaleView* message) {
  const LedgerView& view = reader.view();
  ToProto(sale.sale, message->mutable_sale());
  ToProto(record, message->mutable_record());
  message->set_status(status);
  message->set_asset(ToProto(sale.state.asset));
  message->set_amount(ToProto(sale.state.amount));
  message->set_tree_size(sale.state.valued_at.value);
  if (sale.state.policy.has_value()) message->set_policy(ToProto(*sale.state.policy));
  TRIBUTARY_RETURN_IF_ERROR(FillRef(
      view, EscrowRecord{.sale = record.id},
      [](v1::SaleView* to) { return to->mutable_escrow_record(); }, message));
  TRIBUTARY_RETURN_IF_ERROR(FillRef(
      view, ReversalRecord{.sale = record.id},
      [](v1::SaleView* to) { return to->mutable_reversal_record(); }, message));
  TRIBUTARY_RETURN_IF_ERROR(FillRef(
      view, CorrectionRecord{.sale = record.id},
      [](v1::SaleView* to) { return to->mutable_correction_record(); }, message));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, StatementOfSale(reader, sale.state));
  const std::uint64_t number =
      statement.has_value() ? std::get<StatementRecord>(statement->record.body).number : 0;
  message->set_statement_number(number);
  message->set_nothing_owed(std::string(NothingOwed(status, number)));
  return absl::OkStatus();
}

// --- What it gives whom ---

absl::StatusOr<std::string> NameOf(const LedgerView& view, const Payee& payee) {
  if (payee.kind() == PayeeKind::kUnattributed) return std::string();
  if (payee.kind() == PayeeKind::kParty) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto record, view.FindParty(payee.party()));
    if (!record.has_value()) return std::string();
    TRIBUTARY_ASSIGN_OR_RETURN(PartyRecord party, BodyOf<PartyRecord>(*record));
    return std::move(party.name);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber asset, view.RequireAsset(payee.asset(), "asset"));
  TRIBUTARY_ASSIGN_OR_RETURN(auto labels, ReadLabels(view, std::span(&asset, 1)));
  return std::move(labels.front().name);
}

struct SplitRequest {
  std::uint32_t top_k = 0;
  bool describe = false;
};

absl::Status FillSplit(Env& env, const LedgerView& view, const SaleValue& value,
                       const SplitRequest& request, v1::SaleSplit* message) {
  const SaleSplit& split = value.split;
  const std::uint64_t line_count_max = env.limits.attribution_line_count_max;
  if (request.top_k > line_count_max) {
    return LimitExceeded("top_k", request.top_k, "attribution_line_count_max", line_count_max);
  }
  if (request.top_k == 0 && split.lines.size() > line_count_max) {
    return LimitExceeded("lines of the answer (ask for top_k)", split.lines.size(),
                         "attribution_line_count_max", line_count_max);
  }
  ToProto(value.currency, message->mutable_currency());
  if (value.policy.has_value()) message->set_policy(ToProto(*value.policy));
  message->set_gross(ToBigEndian(split.gross));
  message->set_fees(ToBigEndian(split.fees));
  message->set_absolute(ToBigEndian(split.absolute));
  message->set_remainder(ToBigEndian(split.remainder));
  message->set_relative(ToBigEndian(split.relative));
  for (const FloorOutcome& floor : split.floors) {
    v1::FloorOutcome* added = message->add_floors();
    added->set_role(ToProto(floor.role));
    added->set_budget(ToBigEndian(floor.budget));
    added->set_reached(ToBigEndian(floor.reached));
    added->set_deducted(ToBigEndian(floor.deducted));
  }
  // Lines come in ascending order of payee, reason and hold, which decides between equal grains.
  std::vector<std::size_t> order(split.lines.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const std::size_t listed =
      request.top_k == 0 ? order.size() : std::min<std::size_t>(request.top_k, order.size());
  const auto before = [&](std::size_t a, std::size_t b) {
    return std::tuple(split.lines[b].grains, a) < std::tuple(split.lines[a].grains, b);
  };
  TRIBUTARY_RETURN_IF_ERROR(SelectUnlessCancelled(std::span(order), listed, before, &env.cancel));
  Grains others = split.gross;
  for (std::size_t i = 0; i < listed; ++i) {
    const SaleLine& line = split.lines[order[i]];
    others -= line.grains;
    v1::SaleLine* added = message->add_lines();
    added->set_payee(line.payee.Key());
    added->set_reason(line.reason.Text());
    if (line.hold.has_value()) added->set_hold(ToProto(value.hold_ids[*line.hold]));
    added->set_grains(ToBigEndian(line.grains));
    if (!request.describe) continue;
    TRIBUTARY_ASSIGN_OR_RETURN(*added->mutable_name(), NameOf(view, line.payee));
  }
  message->set_others_grains(ToBigEndian(others));
  message->set_others_count(order.size() - listed);
  return absl::OkStatus();
}

absl::Status FillAdjustments(Env& env, const SettlementView& reader, const StoredRecord& record,
                             const SaleState& state, v1::GetSaleResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, StatementOfSale(reader, state));
  if (!statement.has_value()) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(
      const std::vector<SaleAdjustment> adjustments,
      InServerWords(AdjustmentsOfSale(reader, *statement, Logged(record), CloseOptionsOf(env))));
  std::size_t line_count = 0;
  for (const SaleAdjustment& adjustment : adjustments) line_count += adjustment.lines.size();
  if (line_count > env.limits.attribution_line_count_max) {
    return LimitExceeded("lines of its adjustments (ListAdjustmentLines has them by pages)",
                         line_count, "attribution_line_count_max",
                         env.limits.attribution_line_count_max);
  }
  for (const SaleAdjustment& adjustment : adjustments) {
    v1::SaleAdjustment* message = response->add_adjustments();
    TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord stored,
                               reader.view().ReadRecord(adjustment.adjustment.position));
    TRIBUTARY_RETURN_IF_ERROR(FillAdjustment(reader, stored, message->mutable_adjustment()));
    for (const AdjustmentLine& line : adjustment.lines) ToProto(line, message->add_lines());
  }
  return absl::OkStatus();
}

ExplainOptions ExplainOptionsOf(Env& env) {
  ExplainOptions options;
  options.routes = [&env](const SettlementReader& reader) {
    return ReadEarnerRoutes(reader, &env.cancel);
  };
  options.limits = CloseLimitsOf(env.limits);
  options.cancel = &env.cancel;
  options.scratch = env.scratch;
  return options;
}

}  // namespace

absl::Status GetSale(Env& env, const v1::GetSaleRequest& request, v1::GetSaleResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, OpenView(env, request.ledger(), request.at()));
  const SettlementView reader(view);
  const auto find = [&]() -> absl::StatusOr<StoredRecord> {
    if (request.which_case() == v1::GetSaleRequest::kRecordId) {
      return RequireRecord<SaleRecord>(*view, request.record_id(), "record_id", "a sale");
    }
    SaleRecord probe;
    probe.reference = request.reference();
    return RequireInForce(*view, probe, "reference", request.reference(),
                          "the reference of a sale");
  };
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, find());
  TRIBUTARY_ASSIGN_OR_RETURN(SaleAndState sale, ReadState(reader, record));
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::SaleStatus status,
                             StatusOf(*view, sale.sale, sale.state.standing));
  response->set_tree_size(view->tree_size().value);
  v1::SaleView* message = response->mutable_sale();
  TRIBUTARY_RETURN_IF_ERROR(FillSale(reader, record, sale, status, message));
  if (request.with_adjustments()) {
    TRIBUTARY_RETURN_IF_ERROR(FillAdjustments(env, reader, record, sale.state, response));
  }
  if (!request.with_split()) return absl::OkStatus();
  if (!message->nothing_owed().empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency,
                               RequireCurrency(*view, sale.state.currency, "currency"));
    ToProto(currency, response->mutable_split()->mutable_currency());
    return absl::OkStatus();
  }
  const auto explained = ExplainSale(reader, Logged(record), ExplainOptionsOf(env));
  if (!explained.ok()) return WalkError(explained.status());
  if (!explained->value.has_value()) {
    return absl::InternalError("a sale that is owed to somebody has no value");
  }
  // Named as its statement could.
  const TreeSize named_at =
      explained->statement.has_value()
          ? TreeSize{std::get<StatementRecord>(explained->statement->record.body).end}
          : view->tree_size();
  return FillSplit(env, *view->At(named_at), *explained->value,
                   {request.top_k(), request.describe()}, response->mutable_split());
}

absl::Status ListSales(Env& env, const v1::ListSalesRequest& request,
                       v1::ListSalesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, PageSizeOf(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, OptionalDigestFromProto(request.asset(), "asset"));
  for (const int status : request.statuses()) {
    if (v1::SaleStatus_IsValid(status) && status != v1::SALE_STATUS_UNSPECIFIED) continue;
    return InvalidField("statuses", StrCat("the number ", status),
                        "pending posted voided expired reversed");
  }
  const SettlementView reader(page.view);
  const RecordType type = kRecordTypeOf<SaleRecord>;
  RecordRange range;
  TRIBUTARY_ASSIGN_OR_RETURN(range.begin,
                             page.view->CountRecordsBefore(type, LogPosition{request.begin()}));
  const LogPosition end{request.has_end() ? request.end() : page.view->tree_size().value};
  TRIBUTARY_ASSIGN_OR_RETURN(range.end, page.view->CountRecordsBefore(type, end));
  const auto list = [&](const StoredRecord& record) -> absl::StatusOr<std::size_t> {
    TRIBUTARY_ASSIGN_OR_RETURN(const SaleAndState sale, ReadState(reader, record));
    if (asset.has_value() && sale.state.asset != *asset) return std::size_t{0};
    TRIBUTARY_ASSIGN_OR_RETURN(const v1::SaleStatus status,
                               StatusOf(*page.view, sale.sale, sale.state.standing));
    const auto& wanted = request.statuses();
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), status) == wanted.end()) {
      return std::size_t{0};
    }
    v1::SaleView* message = response->add_sales();
    TRIBUTARY_RETURN_IF_ERROR(FillSale(reader, record, sale, status, message));
    return record.bytes.size();
  };
  TRIBUTARY_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                             ListRecordPage(env, page, type, range, page_size, list));
  response->set_tree_size(page.view->tree_size().value);
  return absl::OkStatus();
}

absl::Status QuoteSale(Env& env, const v1::QuoteSaleRequest& request,
                       v1::QuoteSaleResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, OpenView(env, request.ledger(), request.at()));
  const SettlementView reader(view);
  SaleState state;
  state.reference = "quote";
  TRIBUTARY_ASSIGN_OR_RETURN(state.asset, DigestFromProto(request.asset(), "asset"));
  TRIBUTARY_RETURN_IF_ERROR(view->RequireAsset(state.asset, "asset").status());
  TRIBUTARY_ASSIGN_OR_RETURN(state.amount, AmountFromProto(request.amount(), "amount"));
  if (state.amount.value == 0) return InvalidField("amount", "0", "at least 1 minor unit");
  TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency,
                             RequireCurrency(*view, request.currency(), "currency"));
  state.currency = currency.code;
  state.valued_at = view->tree_size();
  state.earned_at = LogPosition{view->tree_size().value};
  TRIBUTARY_ASSIGN_OR_RETURN(state.policy, OptionalDigestFromProto(request.policy(), "policy"));
  if (state.policy.has_value()) {
    TRIBUTARY_RETURN_IF_ERROR(
        RequireRecord<PolicyRecord>(*view, request.policy(), "policy", "a policy").status());
  }
  response->set_tree_size(view->tree_size().value);
  const auto value = ValueSale(reader, state, ExplainOptionsOf(env));
  if (!value.ok()) return WalkError(value.status());
  return FillSplit(env, *view, *value, {request.top_k(), request.describe()},
                   response->mutable_split());
}

}  // namespace tributary::server
