// Balances and payout batches.

#include "server/handlers/payout.h"

#include <map>
#include <set>

#include "graph/settlement/close.h"
#include "graph/settlement/payout.h"
#include "graph/settlement/read_balance.h"
#include "graph/settlement/record_scan.h"
#include "graph/settlement/routes.h"
#include "graph/settlement/statement_lines.h"
#include "server/convert/enums.h"
#include "server/handlers/settle_list.h"

namespace tributary::server {
namespace {

// --- Balances ---

absl::Status FillBalance(const LedgerView& view, const Balance& balance, v1::Balance* message) {
  message->set_party(balance.account);
  TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency,
                             RequireCurrency(view, balance.currency, "currency"));
  ToProto(currency, message->mutable_currency());
  message->set_paid(ToProto(balance.total));
  message->set_paid_out(ToProto(balance.paid_out));
  message->set_payable(ToProto(balance.payable));
  message->set_debt(ToBigEndian(balance.debt));
  message->set_failed(ToProto(balance.failed));
  message->set_overpaid(ToProto(balance.overpaid));
  message->set_pending_decrease(ToBigEndian(balance.pending_decrease));
  return absl::OkStatus();
}

// What the newest statement carries for an account: the sum over those that it receives for.
absl::StatusOr<Grains> CarryOf(Env& env, const SettlementView& reader, const PartyRoutes& routes,
                               const Balance& balance) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto newest, LastStatement(reader));
  if (!newest.has_value()) return Grains{0};
  const auto& statement = std::get<StatementRecord>(newest->record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto parties,
                             routes.PartiesOf(balance.account, LogPosition{statement.end - 1},
                                              BalanceLimits{}.party_count_max));
  std::vector<std::string> payees;
  for (const std::string_view party : parties) payees.push_back(StrCat("party:", party));
  std::sort(payees.begin(), payees.end());
  std::vector<LineKey> keys;
  for (const std::string& payee : payees) keys.push_back({balance.currency, payee});
  TRIBUTARY_ASSIGN_OR_RETURN(
      const auto lines,
      FindLines(reader, {newest->position, statement.line_count}, keys, &env.cancel));
  Grains carry = 0;
  for (const auto& line : lines) carry += line.has_value() ? line->carry : 0;
  return carry;
}

// Which record says that an account is paid for a party: its mandate at the position, else its
// merge.
class RouteRecords {
 public:
  static absl::StatusOr<RouteRecords> Read(Env& env, const SettlementView& reader) {
    RouteRecords routes(reader);
    TRIBUTARY_RETURN_IF_ERROR(ForEachRecord(
        reader, kRecordTypeOf<MandateRecord>, &env.cancel, [&](const LoggedRecord& record) {
          const auto& mandate = std::get<MandateRecord>(record.record.body);
          // A later version of the same identity takes the place of an earlier one.
          routes.mandates_[{mandate.party, mandate.begin}] = {mandate.end, record.id};
          return absl::OkStatus();
        }));
    return routes;
  }

  absl::StatusOr<std::optional<Digest>> Find(const std::string& party, std::uint64_t at) const {
    auto found = mandates_.upper_bound({party, at});
    if (found != mandates_.begin()) {
      --found;
      const bool covers =
          found->first.first == party && at < found->second.end.value_or(UINT64_MAX);
      if (covers) return std::optional(found->second.id);
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const auto merge,
                               reader_.FindInForce(PartyMergeRecord{.party = party}));
    return merge.has_value() ? std::optional(merge->id) : std::nullopt;
  }

 private:
  struct Mandate {
    std::optional<std::uint64_t> end;
    Digest id;
  };
  explicit RouteRecords(const SettlementView& reader) : reader_(reader) {}

  const SettlementView& reader_;
  std::map<std::pair<std::string, std::uint64_t>, Mandate> mandates_;  // by party and begin
};

// What one statement gave under one party's name, for answers with entries.
struct Entry {
  std::uint64_t statement = 0;
  std::uint64_t last_position = 0;  // that the statement closes
  std::string currency;
  std::string party;
  std::string account;
};

absl::Status FillEntry(Env& env, const SettlementView& reader, const RouteRecords& routes,
                       const Entry& entry, v1::BalanceEntry* message) {
  message->set_statement_number(entry.statement);
  message->set_currency(entry.currency);
  message->set_party(entry.party);
  if (entry.party != entry.account) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto route, routes.Find(entry.party, entry.last_position));
    if (route.has_value()) message->set_route(ToProto(*route));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto record, FindStatement(reader, entry.statement));
  if (!record.has_value()) return absl::DataLossError("a statement of a balance is missing");
  const auto& statement = std::get<StatementRecord>(record->record.body);
  const std::string payee = StrCat("party:", entry.party);
  const LineKey key{entry.currency, payee};
  TRIBUTARY_ASSIGN_OR_RETURN(
      const auto lines,
      FindLines(reader, {record->position, statement.line_count}, std::span(&key, 1), &env.cancel));
  if (!lines.front().has_value()) return absl::DataLossError("a line of a balance is missing");
  ToProto(*lines.front(), message->mutable_line());
  return absl::OkStatus();
}

absl::Status RequireParty(const LedgerView& view, const std::string& party) {
  TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(party));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto record, view.FindParty(party));
  if (record.has_value()) return absl::OkStatus();
  return FieldError(absl::StatusCode::kNotFound, "party", party,
                    StrCat("a party recorded at tree size ", view.tree_size().value));
}

absl::StatusOr<std::vector<std::string>> AllCurrencies(Env& env, const SettlementView& reader) {
  std::set<std::string> codes;
  TRIBUTARY_RETURN_IF_ERROR(ForEachRecord(
      reader, kRecordTypeOf<CurrencyRecord>, &env.cancel, [&](const LoggedRecord& record) {
        codes.insert(std::get<CurrencyRecord>(record.record.body).code);
        return absl::OkStatus();
      }));
  return std::vector<std::string>(codes.begin(), codes.end());
}

// --- Batches ---

struct BatchStates {
  std::optional<StoredRecord> of_batch;
  std::map<std::string, StoredRecord> of_lines;  // by party; lines that have a state of their own
};

absl::StatusOr<BatchStates> ReadStates(const LedgerView& view, const Digest& batch,
                                       const PayoutBatchRecord& body, bool with_lines) {
  BatchStates states;
  TRIBUTARY_ASSIGN_OR_RETURN(states.of_batch, view.FindInForce(PayoutStateRecord{.batch = batch}));
  if (!with_lines) return states;
  for (const PayoutLine& line : body.lines) {
    TRIBUTARY_ASSIGN_OR_RETURN(
        auto state, view.FindInForce(PayoutStateRecord{.batch = batch, .party = line.party}));
    if (state.has_value()) states.of_lines.emplace(line.party, *std::move(state));
  }
  return states;
}

absl::StatusOr<v1::PayoutStatus> StatusOf(const std::optional<StoredRecord>& record) {
  if (!record.has_value()) return v1::PAYOUT_STATUS_UNSPECIFIED;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto state, BodyOf<PayoutStateRecord>(*record));
  return ToProto(state.state);
}

absl::Status FillBatch(const LedgerView& view, const StoredRecord& record,
                       const PayoutBatchRecord& body, const BatchStates& states,
                       v1::PayoutBatchView* message) {
  message->set_reference(body.reference);
  TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency,
                             RequireCurrency(view, body.currency, "currency"));
  ToProto(currency, message->mutable_currency());
  message->set_tree_size(body.tree_size);
  ToProto(record, message->mutable_record());
  message->set_line_count(static_cast<std::uint32_t>(body.lines.size()));
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::PayoutStatus of_batch, StatusOf(states.of_batch));
  message->set_status(of_batch);
  if (states.of_batch.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto state, BodyOf<PayoutStateRecord>(*states.of_batch));
    message->set_external_reference(state.external_reference);
    message->set_reason(state.reason);
    ToProto(*states.of_batch, message->mutable_state_record());
  }
  MinorUnits total;
  MinorUnits failed;
  for (const PayoutLine& line : body.lines) {
    total.value += line.amount.value;
    v1::PayoutStatus status = of_batch;
    if (const auto own = states.of_lines.find(line.party); own != states.of_lines.end()) {
      TRIBUTARY_ASSIGN_OR_RETURN(status, StatusOf(own->second));
    }
    if (status == v1::PAYOUT_STATUS_FAILED) failed.value += line.amount.value;
  }
  message->set_total(ToProto(total));
  message->set_failed_total(ToProto(failed));
  return absl::OkStatus();
}

absl::Status FillLine(const PayoutLine& line, const BatchStates& states,
                      v1::PayoutLineView* message) {
  message->mutable_line()->set_party(line.party);
  message->mutable_line()->set_amount(ToProto(line.amount));
  const auto own = states.of_lines.find(line.party);
  const StoredRecord* record = own != states.of_lines.end()  ? &own->second
                               : states.of_batch.has_value() ? &*states.of_batch
                                                             : nullptr;
  if (record == nullptr) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto state, BodyOf<PayoutStateRecord>(*record));
  message->set_status(ToProto(state.state));
  message->set_has_own_state(own != states.of_lines.end());
  message->set_external_reference(state.external_reference);
  message->set_reason(state.reason);
  ToProto(*record, message->mutable_state_record());
  return absl::OkStatus();
}

// The lines that a request asks to pay.
struct Planned {
  std::vector<PayoutLine> lines;
  bool more = false;
  std::vector<SkippedPayout> skipped;
};

absl::StatusOr<Planned> PlanListed(const v1::CreatePayoutBatchRequest::Listed& listed) {
  Planned planned;
  for (const v1::PayoutLine& message : listed.lines()) {
    PayoutLine line;
    line.party = message.party();
    TRIBUTARY_ASSIGN_OR_RETURN(line.amount,
                               AmountFromProto(message.amount(), "listed.lines.amount"));
    planned.lines.push_back(std::move(line));
  }
  return planned;
}

absl::StatusOr<Planned> PlanEverybody(Env& env, const SettlementView& reader,
                                      const std::string& currency, const std::string& payable_min) {
  TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits min,
                             AmountFromProto(payable_min, "everybody.payable_min"));
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyRoutes routes, ReadRoutes(reader, &env.cancel));
  TRIBUTARY_ASSIGN_OR_RETURN(const HeldAccounts held,
                             ReadHeldAccounts(reader, routes, &env.cancel));
  constexpr std::size_t kPageAccountCount = 100'000;
  std::vector<Balance> payable;  // one more than a batch may have, at most, and those on hold
  std::size_t paid_count = 0;
  std::size_t held_count = 0;
  std::string after;
  for (bool has_more = true; has_more && paid_count <= kPayoutLineCountMax;) {
    TRIBUTARY_ASSIGN_OR_RETURN(BalancePage page, ReadAllBalances(reader, routes, currency, after,
                                                                 kPageAccountCount, &env.cancel));
    has_more = page.has_more && !page.balances.empty();
    if (has_more) after = page.balances.back().account;
    for (Balance& balance : page.balances) {
      if (balance.payable.value == 0 || balance.payable < min) continue;
      const bool is_held = held.contains(balance.account);
      std::size_t& count = is_held ? held_count : paid_count;
      if (count >= (is_held ? kPayoutLineCountMax : kPayoutLineCountMax + 1)) continue;
      ++count;
      payable.push_back(std::move(balance));
    }
  }
  TRIBUTARY_ASSIGN_OR_RETURN(PayoutPlan plan, PlanPayout(payable, min, kPayoutLineCountMax, held));
  if (plan.lines.empty()) {
    return FieldError(absl::StatusCode::kFailedPrecondition, "everybody",
                      StrCat("nobody with a payable balance of at least ",
                             ToDecimal(std::max<Uint128>(min.value, 1)), " in ", currency,
                             plan.skipped.empty() ? "" : " who is not on hold"),
                      "a balance that can be paid");
  }
  return Planned{std::move(plan.lines), plan.left_count > 0, std::move(plan.skipped)};
}

absl::StatusOr<Planned> PlanRequest(Env& env, const SettlementView& reader,
                                    const v1::CreatePayoutBatchRequest& request) {
  if (request.has_listed()) return PlanListed(request.listed());
  return PlanEverybody(env, reader, request.currency(), request.everybody().payable_min());
}

void FillPlanned(const Planned& planned, v1::CreatePayoutBatchResponse* response) {
  response->set_more(planned.more);
  for (const SkippedPayout& skipped : planned.skipped) {
    v1::SkippedPayment* message = response->add_skipped();
    message->set_party(skipped.account);
    message->set_payable(ToProto(skipped.payable));
    message->set_hold(ToProto(skipped.hold));
  }
}

// What a retry of this request made at the tree size of the batch that has its reference; an error
// if it would have made another.
absl::StatusOr<Planned> PlanSameBatch(Env& env, const LedgerView& view,
                                      const v1::CreatePayoutBatchRequest& request,
                                      const StoredRecord& record, const PayoutBatchRecord& body) {
  const auto other = [&](std::string_view found) {
    return FieldError(absl::StatusCode::kAlreadyExists, "reference",
                      StrCat(Quoted(request.reference()), " for ", found),
                      StrCat("another one, or what batch ", record.id.ToHex(),
                             " has: ", body.lines.size(), " payments in ", body.currency));
  };
  if (body.currency != request.currency()) return other(StrCat("a batch in ", request.currency()));
  absl::StatusOr<Planned> planned =
      PlanRequest(env, SettlementView(view.At(TreeSize{body.tree_size})), request);
  if (absl::IsFailedPrecondition(planned.status())) return other("what would have paid nobody");
  TRIBUTARY_RETURN_IF_ERROR(planned.status());
  Record wanted;
  wanted.body = PayoutBatchRecord{.lines = planned->lines};
  SortLists(&wanted);
  if (std::get<PayoutBatchRecord>(wanted.body).lines == body.lines) return planned;
  return other(StrCat(planned->lines.size(), " payments that are not the same"));
}

}  // namespace

absl::Status GetBalance(Env& env, const v1::GetBalanceRequest& request,
                        v1::GetBalanceResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, PageSizeOf(env, request));
  const LedgerView& view = *page.view;
  const SettlementView reader(page.view);
  TRIBUTARY_RETURN_IF_ERROR(RequireParty(view, request.party()));
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyRoutes routes, ReadRoutes(reader, &env.cancel));
  const BalanceQuery query{.parties = {request.party()},
                           .currency = request.currency(),
                           .with_details = request.with_entries()};
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Balance> balances,
                             ReadBalances(reader, routes, query, {}, &env.cancel));
  std::vector<Entry> entries;
  for (const Balance& balance : balances) {
    v1::Balance* message = response->add_balances();
    TRIBUTARY_RETURN_IF_ERROR(FillBalance(view, balance, message));
    TRIBUTARY_ASSIGN_OR_RETURN(const Grains carry, CarryOf(env, reader, routes, balance));
    message->set_carry(ToBigEndian(carry));
    for (const BalanceLine& line : balance.lines) {
      entries.push_back(
          {line.statement, line.end - 1, balance.currency, line.party, balance.account});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.statement, a.currency, a.party) < std::tie(b.statement, b.currency, b.party);
  });
  const std::uint64_t begin = NumberIn(page.cursor).value_or(0);
  const std::uint64_t end = std::min<std::uint64_t>(entries.size(), begin + page_size);
  TRIBUTARY_ASSIGN_OR_RETURN(const RouteRecords records, RouteRecords::Read(env, reader));
  for (std::uint64_t i = begin; i < end; ++i) {
    TRIBUTARY_RETURN_IF_ERROR(FillEntry(env, reader, records, entries[i], response->add_entries()));
  }
  if (end < entries.size()) response->set_next_page_token(page.TokenFor(BigEndian64(end)));
  response->set_tree_size(view.tree_size().value);
  return absl::OkStatus();
}

absl::Status ListBalances(Env& env, const v1::ListBalancesRequest& request,
                          v1::ListBalancesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, PageSizeOf(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits payable_min,
                             AmountFromProto(request.payable_min(), "payable_min"));
  const SettlementView reader(page.view);
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyRoutes routes, ReadRoutes(reader, &env.cancel));
  std::vector<std::string> currencies;
  if (request.currency().empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(currencies, AllCurrencies(env, reader));
  } else {
    TRIBUTARY_RETURN_IF_ERROR(RequireCurrency(*page.view, request.currency(), "currency").status());
    currencies = {request.currency()};
  }
  // The cursor is the last currency and party listed; a code has no byte below '#'.
  const std::size_t cut = page.cursor.find('\n');
  const std::string after_currency = page.cursor.substr(0, std::min(cut, page.cursor.size()));
  const std::string after_party = cut == std::string::npos ? "" : page.cursor.substr(cut + 1);
  response->set_tree_size(page.view->tree_size().value);
  for (const std::string& currency : currencies) {
    if (currency < after_currency) continue;
    const std::size_t left = page_size - static_cast<std::size_t>(response->balances_size());
    const std::string& after = currency == after_currency ? after_party : std::string();
    TRIBUTARY_ASSIGN_OR_RETURN(const BalancePage read,
                               ReadAllBalances(reader, routes, currency, after,
                                               std::max<std::size_t>(left, 1), &env.cancel));
    for (const Balance& balance : read.balances) {
      if (left == 0) break;
      if (balance.payable < payable_min) continue;
      TRIBUTARY_RETURN_IF_ERROR(FillBalance(*page.view, balance, response->add_balances()));
    }
    const bool more_here = left == 0 ? !read.balances.empty() : read.has_more;
    if (!more_here) continue;
    const std::string last =
        left == 0 || read.balances.empty() ? after : read.balances.back().account;
    response->set_next_page_token(page.TokenFor(StrCat(currency, "\n", last)));
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status CreatePayoutBatch(Env& env, const v1::CreatePayoutBatchRequest& request,
                               v1::CreatePayoutBatchResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto ledger, env.ledgers.Find(request.ledger()));
  if (request.payees_case() == v1::CreatePayoutBatchRequest::PAYEES_NOT_SET) {
    return InvalidField("payees", "nobody", "listed payments, or everybody");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto lock, ledger->LockSettlement(&env.cancel));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, ledger->ViewAt(std::nullopt, &env.cancel));
  const SettlementView reader(view);
  PayoutBatchRecord batch;
  batch.reference = request.reference();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto known, view->FindInForce(batch));
  if (known.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto body, BodyOf<PayoutBatchRecord>(*known));
    TRIBUTARY_ASSIGN_OR_RETURN(const Planned planned,
                               PlanSameBatch(env, *view, request, *known, body));
    FillPlanned(planned, response);
    ToProto(Receipt{known->id, known->position, known->accepted_time, view->tree_size(), true},
            response->mutable_receipt());
    ToProto(body, response->mutable_batch());
    return absl::OkStatus();
  }
  TRIBUTARY_RETURN_IF_ERROR(RequireCurrency(*view, request.currency(), "currency").status());
  batch.currency = request.currency();
  batch.tree_size = view->tree_size().value;
  TRIBUTARY_ASSIGN_OR_RETURN(Planned planned, PlanRequest(env, reader, request));
  FillPlanned(planned, response);
  batch.lines = std::move(planned.lines);
  Fact fact;
  fact.record.ledger = ledger->name();
  fact.record.body = batch;
  TRIBUTARY_ASSIGN_OR_RETURN(PreparedFact prepared, PrepareFact(std::move(fact)));
  const auto& sorted = std::get<PayoutBatchRecord>(prepared.record.body);
  TRIBUTARY_RETURN_IF_ERROR(CheckNewPayout(reader, sorted, &env.cancel));
  ToProto(sorted, response->mutable_batch());
  std::vector<PreparedFact> facts;
  facts.push_back(std::move(prepared));
  TRIBUTARY_ASSIGN_OR_RETURN(const Receipt receipt,
                             std::move(ledger->RecordAll(std::move(facts)).front()));
  ToProto(receipt, response->mutable_receipt());
  return absl::OkStatus();
}

// Lines whose states are read for one page of batches: four full batches, some 20 ms.
constexpr std::size_t kListedLineCountMax = 4 * kPayoutLineCountMax;

absl::Status ListPayoutBatches(Env& env, const v1::ListPayoutBatchesRequest& request,
                               v1::ListPayoutBatchesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, PageSizeOf(env, request));
  const auto list = [&](const StoredRecord& record) -> absl::StatusOr<std::size_t> {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto body, BodyOf<PayoutBatchRecord>(record));
    TRIBUTARY_ASSIGN_OR_RETURN(const BatchStates states,
                               ReadStates(*page.view, record.id, body, /*with_lines=*/true));
    TRIBUTARY_RETURN_IF_ERROR(FillBatch(*page.view, record, body, states, response->add_batches()));
    return std::max(record.bytes.size(),
                    kRecordPageBytesMax / kListedLineCountMax * body.lines.size());
  };
  TRIBUTARY_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      ListRecordPage(env, page, kRecordTypeOf<PayoutBatchRecord>, {}, page_size, list));
  response->set_tree_size(page.view->tree_size().value);
  return absl::OkStatus();
}

absl::Status GetPayoutBatch(Env& env, const v1::GetPayoutBatchRequest& request,
                            v1::GetPayoutBatchResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, PageSizeOf(env, request));
  const auto& view = page.view;
  const auto find = [&]() -> absl::StatusOr<StoredRecord> {
    if (request.which_case() == v1::GetPayoutBatchRequest::kRecordId) {
      return RequireRecord<PayoutBatchRecord>(*view, request.record_id(), "record_id",
                                              "a payout batch");
    }
    PayoutBatchRecord probe;
    probe.reference = request.reference();
    return RequireInForce(*view, probe, "reference", request.reference(),
                          "the reference of a payout batch");
  };
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, find());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto body, BodyOf<PayoutBatchRecord>(record));
  TRIBUTARY_ASSIGN_OR_RETURN(const BatchStates states,
                             ReadStates(*view, record.id, body, /*with_lines=*/true));
  TRIBUTARY_RETURN_IF_ERROR(FillBatch(*view, record, body, states, response->mutable_batch()));
  std::vector<PayoutLine> lines = body.lines;
  std::sort(lines.begin(), lines.end(),
            [](const PayoutLine& a, const PayoutLine& b) { return a.party < b.party; });
  const std::uint64_t begin =
      std::min<std::uint64_t>(NumberIn(page.cursor).value_or(0), lines.size());
  const std::uint64_t end = std::min<std::uint64_t>(lines.size(), begin + page_size);
  for (std::uint64_t i = begin; i < end; ++i) {
    TRIBUTARY_RETURN_IF_ERROR(FillLine(lines[i], states, response->add_lines()));
  }
  if (end < lines.size()) response->set_next_page_token(page.TokenFor(BigEndian64(end)));
  response->set_tree_size(view->tree_size().value);
  return absl::OkStatus();
}

}  // namespace tributary::server
