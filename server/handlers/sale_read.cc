// GetSale, ListSales, QuoteSale: what a sale is, and what it gives whom and why.

#include <algorithm>
#include <tuple>

#include "graph/lineage/subgraph.h"
#include "graph/model/ordering.h"
#include "graph/settlement/close.h"
#include "graph/settlement/policy.h"
#include "graph/settlement/routes.h"
#include "graph/settlement/sale_state.h"
#include "graph/settlement/valuation.h"
#include "server/convert/enums.h"
#include "server/handlers/settle_list.h"
#include "server/handlers/settle_read.h"
#include "server/handlers/walk_limits.h"

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

// The number of the statement that closed the sale; 0: none (yet).
absl::StatusOr<std::uint64_t> ClosedBy(const SettlementView& reader, const SaleState& state) {
  if (state.standing == SaleStanding::kPending || state.standing == SaleStanding::kVoided) return 0;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, StatementOf(reader, state.earned_at));
  if (!statement.has_value()) return 0;
  const auto& closed = std::get<StatementRecord>(statement->record.body);
  if (state.standing == SaleStanding::kCounts) return closed.number;
  // Of a sale that was reversed before the end of its range the statement counts nothing.
  TRIBUTARY_ASSIGN_OR_RETURN(const auto reversal,
                             reader.FindInForce(ReversalRecord{.sale = state.id}));
  return reversal.has_value() && reversal->position.value < closed.end ? 0 : closed.number;
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
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t number, ClosedBy(reader, sale.state));
  message->set_statement_number(number);
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

absl::Status FillSplit(Env& env, const LedgerView& view, const SaleSplit& split,
                       const std::vector<Digest>& hold_ids, const SplitRequest& request,
                       v1::SaleSplit* message) {
  const std::uint64_t line_count_max = env.limits.attribution_line_count_max;
  if (request.top_k > line_count_max) {
    return LimitExceeded("top_k", request.top_k, "attribution_line_count_max", line_count_max);
  }
  if (request.top_k == 0 && split.lines.size() > line_count_max) {
    return LimitExceeded("lines of the answer (ask for top_k)", split.lines.size(),
                         "attribution_line_count_max", line_count_max);
  }
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
    if (line.hold.has_value()) added->set_hold(ToProto(hold_ids[*line.hold]));
    added->set_grains(ToBigEndian(line.grains));
    if (!request.describe) continue;
    TRIBUTARY_ASSIGN_OR_RETURN(*added->mutable_name(), NameOf(view, line.payee));
  }
  message->set_others_grains(ToBigEndian(others));
  message->set_others_count(order.size() - listed);
  return absl::OkStatus();
}

// Names the earner of each line in the place of the party that the lineage names.
void RouteLines(const PartyRoutes& routes, LogPosition earned_at, std::vector<SaleLine>* lines) {
  for (SaleLine& line : *lines) {
    if (line.payee.kind() != PayeeKind::kParty) continue;
    line.payee = Payee::Party(std::string(routes.EarnerOf(line.payee.party(), earned_at)));
  }
  const auto place = [](const SaleLine& line) {
    return std::tie(line.payee, line.reason, line.hold);
  };
  std::sort(lines->begin(), lines->end(),
            [&](const SaleLine& a, const SaleLine& b) { return place(a) < place(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < lines->size(); ++i) {
    SaleLine& line = (*lines)[i];
    if (kept > 0 && place((*lines)[kept - 1]) == place(line)) {
      (*lines)[kept - 1].grains += line.grains;
    } else {
      if (kept != i) (*lines)[kept] = std::move(line);
      ++kept;
    }
  }
  lines->erase(lines->begin() + static_cast<std::ptrdiff_t>(kept), lines->end());
}

// Values one sale, of record or not, at `valued_at` under the holds in force at the reader's tree
// size. `sale_position`: of a recorded sale, which may itself be held.
absl::Status SplitOne(Env& env, const SettlementView& reader, const SaleState& state,
                      std::optional<LogPosition> sale_position, const SplitRequest& request,
                      v1::SaleSplit* message) {
  SaleTable table(reader, std::nullopt);
  TRIBUTARY_ASSIGN_OR_RETURN(const CountedSale sale, table.Bind(state));
  const CurrencyRecord& currency = table.currencies()[sale.currency];
  const SaleTable::Policy& policy = table.policies()[sale.policy];
  TRIBUTARY_ASSIGN_OR_RETURN(HoldSet holds, ReadHolds(reader, {}, {}, &env.cancel));
  // Of holds on sales only one on this very sale counts.
  if (sale_position.has_value()) {
    const auto held = holds.held_sales.find(sale_position->value);
    if (held != holds.held_sales.end()) holds.views[held->second] = {HoldSubject::kSale};
  }
  const std::shared_ptr<LedgerView> at = reader.view().At(state.valued_at);
  auto collected =
      CollectUpstream(*at, sale.asset, CollectLimitsOf(env.limits), &env.cancel, env.scratch);
  if (!collected.ok()) return WalkError(collected.status());
  const SaleTerms terms{.amount = state.amount,
                        .sale_count = 1,
                        .currency = currency.code,
                        .fraction_bits = static_cast<unsigned>(currency.fraction_bits)};
  TRIBUTARY_ASSIGN_OR_RETURN(
      SaleSplit split,
      SplitSale(*at, *collected, terms, {&policy.record, policy.terms}, holds.views,
                {.line_count_max = env.limits.walk_asset_count_max}, &env.cancel));
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyRoutes routes, ReadRoutes(reader, &env.cancel));
  RouteLines(routes, state.earned_at, &split.lines);
  ToProto(currency, message->mutable_currency());
  if (state.policy.has_value()) message->set_policy(ToProto(*state.policy));
  return FillSplit(env, reader.view(), split, holds.ids, request, message);
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
  if (!request.with_split()) return absl::OkStatus();
  if (message->statement_number() == 0) {
    return SplitOne(env, reader, sale.state, record.position, {request.top_k(), request.describe()},
                    response->mutable_split());
  }
  // As its statement counted it: with the records below the statement's end, and its policy.
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement,
                             FindStatement(reader, message->statement_number()));
  const auto& closed = std::get<StatementRecord>(statement->record.body);
  const SettlementView then(view->At(TreeSize{closed.end}));
  TRIBUTARY_ASSIGN_OR_RETURN(sale, ReadState(then, record));
  if (!sale.state.policy.has_value()) sale.state.policy = closed.policy;
  return SplitOne(env, then, sale.state, record.position, {request.top_k(), request.describe()},
                  response->mutable_split());
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
  return SplitOne(env, reader, state, std::nullopt, {request.top_k(), request.describe()},
                  response->mutable_split());
}

}  // namespace tributary::server
