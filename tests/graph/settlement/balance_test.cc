#include "graph/settlement/balance.h"

#include <algorithm>
#include <optional>

#include "graph/model/status.h"
#include "graph/settlement/read_balance.h"
#include "graph/settlement/statement_lines.h"
#include "tests/graph/settlement/earned.h"
#include "tests/support/catch.h"
#include "tests/support/list_settlement_reader.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

constexpr Grains kUnit = Grains{1} << 64;  // of EUR

ReceivedLine Received(std::uint64_t statement, std::string payee, Uint128 paid, Grains debt = 0) {
  return {.statement = statement,
          .begin = statement * 10 - 10,
          .end = statement * 10,
          .line = {.payee = std::move(payee), .currency = "EUR", .paid = {paid}, .debt = debt}};
}

AccountPayout Payout(std::uint64_t position, Uint128 amount, std::optional<PayoutState> state) {
  return {.position = {position}, .party = "ana", .amount = {amount}, .state = state};
}

absl::StatusOr<Balance> Compute(std::uint64_t newest, std::vector<ReceivedLine> lines,
                                std::vector<AccountPayout> payouts) {
  return ComputeBalance("ana", "EUR", 64, newest, lines, payouts);
}

// --- Values ---

TEST_CASE("balance: what statements paid, own and collected, less what payouts took",
          "[settlement][balance]") {
  const auto balance =
      Compute(2,
              {Received(2, "party:leo", 30), Received(1, "party:leo", 7),
               Received(1, "party:ana", 50), Received(2, "party:ana", 0)},
              {Payout(40, 8, PayoutState::kFailed), Payout(30, 10, std::nullopt),
               Payout(50, 20, PayoutState::kSent), Payout(60, 5, PayoutState::kSettled)});
  REQUIRE_OK(balance);
  CHECK(balance->total == MinorUnits{87});
  CHECK(balance->paid_out == MinorUnits{35});
  CHECK(balance->failed == MinorUnits{8});
  CHECK(balance->debt == 0);
  CHECK(balance->payable == MinorUnits{52});
  CHECK(balance->overpaid == MinorUnits{0});
  CHECK(balance->lines == std::vector<BalanceLine>{{1, 0, 10, "ana", {50}},
                                                   {1, 0, 10, "leo", {7}},
                                                   {2, 10, 20, "leo", {30}}});
  REQUIRE(balance->payouts.size() == 4);
  CHECK(balance->payouts[1].state == PayoutState::kFailed);
}

TEST_CASE("balance: the newest statement's debts count, together and rounded up",
          "[settlement][balance]") {
  const std::vector<ReceivedLine> lines = {
      Received(1, "party:ana", 100), Received(1, "party:leo", 0, 90 * kUnit),
      Received(2, "party:ana", 0, kUnit / 2), Received(2, "party:leo", 0, kUnit / 2 + 1)};
  CHECK(Compute(2, lines, {})->debt == kUnit + 1);
  CHECK(Compute(2, lines, {})->payable == MinorUnits{98});
  CHECK(Compute(3, lines, {})->payable == MinorUnits{100});  // not on the newest any more
  CHECK(Compute(2, lines, {Payout(30, 99, {})})->payable == MinorUnits{0});
  CHECK(Compute(2, lines, {Payout(30, 99, {})})->overpaid == MinorUnits{0});
}

TEST_CASE("balance: what was paid beyond the total is shown, and nothing is payable",
          "[settlement][balance]") {
  const auto balance = Compute(1, {Received(1, "party:ana", 5)}, {Payout(30, 9, {})});
  REQUIRE_OK(balance);
  CHECK(balance->overpaid == MinorUnits{4});
  CHECK(balance->payable == MinorUnits{0});
}

TEST_CASE("balance: lines that are not an account's are refused", "[settlement][balance]") {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  CHECK_STATUS(Compute(1, {Received(1, "unattributed", 5)}, {}), kInvalid);
  CHECK_STATUS(Compute(1, {Received(2, "party:ana", 5)}, {}), kInvalid);
  CHECK_STATUS(Compute(1, {Received(1, "party:ana", 5), Received(1, "party:ana", 5)}, {}),
               kInvalid);
  ReceivedLine other = Received(1, "party:ana", 5);
  other.line.currency = "USD";
  CHECK_STATUS(Compute(1, {other}, {}), kInvalid);
  CHECK_STATUS(ComputeBalance("ana", "EUR", 65, 0, {}, {}), kInvalid);
}

TEST_CASE("balance: sums of 2^127 are refused before they wrap", "[settlement][balance]") {
  constexpr Uint128 kHalf = Uint128{1} << 126;
  constexpr auto kRange = absl::StatusCode::kOutOfRange;
  CHECK_STATUS(Compute(2, {Received(1, "party:ana", kHalf), Received(2, "party:ana", kHalf)}, {}),
               kRange);
  CHECK_STATUS(
      Compute(2, {Received(1, "party:ana", kHalf), Received(2, "party:ana", kHalf - 1)}, {}),
      absl::StatusCode::kOk);
  CHECK_STATUS(Compute(1, {Received(1, "party:ana", kUint128Max)}, {}), kRange);
  CHECK_STATUS(Compute(1, {}, {Payout(3, kHalf, {}), Payout(4, kHalf, {})}), kRange);
  CHECK_STATUS(Compute(1, {Received(1, "party:a", 0, kHalf), Received(1, "party:b", 0, kHalf)}, {}),
               kRange);
}

TEST_CASE("payout state: a line's own state beats its batch's", "[settlement][balance]") {
  CHECK(LineState({}, {}) == std::nullopt);
  CHECK(LineState({}, PayoutState::kFailed) == PayoutState::kFailed);
  CHECK(LineState(PayoutState::kSettled, PayoutState::kFailed) == PayoutState::kSettled);
  CHECK(IsTaken({}));
  CHECK(IsTaken(PayoutState::kSent));
  CHECK(IsTaken(PayoutState::kSettled));
  CHECK(!IsTaken(PayoutState::kFailed));
}

TEST_CASE("balance: a decrease to come is owed as a debt is, and rounded with it",
          "[settlement][balance]") {
  const auto payable = [](Grains debt, Grains decrease) {
    const std::vector<ReceivedLine> lines = {Received(1, "party:ana", 100, debt)};
    const auto balance = ComputeBalance("ana", "EUR", 64, 1, lines, {}, decrease);
    REQUIRE_OK(balance);
    CHECK(balance->pending_decrease == decrease);
    return balance->payable;
  };
  CHECK(payable(0, 30 * kUnit) == MinorUnits{70});
  CHECK(payable(0, 1) == MinorUnits{99});
  CHECK(payable(kUnit / 2, kUnit / 2) == MinorUnits{99});
  CHECK(payable(kUnit / 2, kUnit / 2 + 1) == MinorUnits{98});
  CHECK(payable(0, 101 * kUnit) == MinorUnits{0});
}

// --- Reading ---

CurrencyRecord Currency(std::string code, std::uint64_t bits) {
  return {.code = std::move(code), .scale = 2, .fraction_bits = bits};
}

// A statement in which each of these earns so many whole units of EUR.
// ana and leo are paid 10 and 20 in statement 1, 30 and 40 in statement 2, where leo has a mandate.
ListSettlementReader TwoStatements() {
  ListSettlementReader ledger;
  ledger.Append(LedgerRecord{});
  ledger.Append(Currency("EUR", 64));
  ledger.Append(Currency("ETH", 32));
  ledger.AppendStatement(EarnedUnits({{"party:ana", 10}, {"party:leo", 20}, {"unattributed", 5}}));
  ledger.Append(MandateRecord{.party = "leo", .collector = "ana", .begin = 4});
  ledger.AppendStatement(EarnedUnits({{"party:ana", 30}, {"party:leo", 40}}));
  return ledger;
}

absl::StatusOr<std::vector<Balance>> Read(const SettlementReader& reader, const BalanceQuery& query,
                                          const BalanceLimits& limits = {},
                                          const CancelToken* cancel = nullptr) {
  const auto routes = ReadRoutes(reader);
  REQUIRE_OK(routes);
  return ReadBalances(reader, *routes, query, limits, cancel);
}

TEST_CASE("read balances: lines of all whom an account receives for, and its payouts",
          "[settlement][balance]") {
  ListSettlementReader ledger = TwoStatements();
  const std::uint64_t before = ledger.tree_size().value;
  const LogPosition batch =
      ledger.Append(PayoutBatchRecord{.reference = "b1",
                                      .currency = "EUR",
                                      .tree_size = before,
                                      .lines = {{"ana", {50}}, {"leo", {20}}}});
  const Digest batch_id = ledger.IdAt(batch);
  ledger.Append(PayoutStateRecord{.batch = batch_id, .state = PayoutState::kFailed});
  ledger.Append(PayoutStateRecord{.batch = batch_id, .party = "ana", .state = PayoutState::kSent});

  const auto balances = Read(ledger, {.parties = {"leo", "ana", "ana", "eva"}, .currency = "EUR"});
  REQUIRE_OK(balances);
  REQUIRE(balances->size() == 3);
  const Balance& ana = (*balances)[0];
  CHECK(ana.account == "ana");
  CHECK(ana.lines == std::vector<BalanceLine>{
                         {1, 0, 3, "ana", {10}}, {2, 3, 5, "ana", {30}}, {2, 3, 5, "leo", {40}}});
  CHECK(ana.total == MinorUnits{80});
  CHECK(ana.paid_out == MinorUnits{50});
  CHECK(ana.payable == MinorUnits{30});
  REQUIRE(ana.payouts.size() == 1);
  CHECK(ana.payouts[0].state == PayoutState::kSent);
  const Balance& eva = (*balances)[1];
  CHECK(eva == Balance{.account = "eva", .currency = "EUR"});
  const Balance& leo = (*balances)[2];
  CHECK(leo.total == MinorUnits{20});
  CHECK(leo.failed == MinorUnits{20});
  CHECK(leo.payable == MinorUnits{20});
  REQUIRE(leo.payouts.size() == 1);
  CHECK(leo.payouts[0] == AccountPayout{.batch = batch_id,
                                        .reference = "b1",
                                        .position = batch,
                                        .party = "leo",
                                        .amount = {20},
                                        .state = PayoutState::kFailed});

  // As it was before, and without details.
  const auto then = Read(**ledger.At({before}), {.parties = {"ana"}, .with_details = false});
  REQUIRE_OK(then);
  REQUIRE(then->size() == 1);
  CHECK((*then)[0].payable == MinorUnits{80});
  CHECK((*then)[0].lines.empty());
}

AdjustmentLine Changed(std::string party, Grains old_grains, Grains new_grains) {
  return {.payee = "party:" + std::move(party),
          .currency = "EUR",
          .old_grains = old_grains,
          .new_grains = new_grains};
}

TEST_CASE("read balances: what open adjustments take is not payable any more",
          "[settlement][balance]") {
  ListSettlementReader ledger;
  ledger.Append(LedgerRecord{});
  ledger.Append(Currency("EUR", 64));
  ledger.Append(MandateRecord{.party = "leo", .collector = "ana", .begin = 0});
  StatementBuilder first = EarnedUnits({{"party:ana", 10}, {"party:leo", 20}, {"party:zoe", 5}});
  REQUIRE_OK(first.AddAdjustment("EUR", "party:ana", kUnit / 2, 0));  // a carry
  ledger.AppendStatement(std::move(first));
  const auto figures = [&](const std::string& party) {
    const auto some = Read(ledger, {.parties = {party}, .currency = "EUR"});
    REQUIRE_OK(some);
    REQUIRE(some->size() == 1);
    const auto routes = ReadRoutes(ledger);
    REQUIRE_OK(routes);
    const auto all = ReadAllBalances(ledger, *routes, "EUR");
    REQUIRE_OK(all);
    for (const Balance& balance : all->balances) {
      if (balance.account != party) continue;
      CHECK(balance.payable == (*some)[0].payable);
      CHECK(balance.pending_decrease == (*some)[0].pending_decrease);
    }
    return std::pair((*some)[0].payable.value, (*some)[0].pending_decrease);
  };
  using Figures = std::pair<Uint128, Grains>;
  ledger.AppendAdjustment(AdjustmentMode::kProspective, {Changed("leo", 20 * kUnit, 0)});
  CHECK(figures("ana") == Figures(30, 0));
  ledger.AppendAdjustment(AdjustmentMode::kCarriedForward,
                          {{"unattributed", "EUR", 0, 9 * kUnit},
                           Changed("ana", 10 * kUnit, 9 * kUnit),
                           Changed("leo", 20 * kUnit, 12 * kUnit)});
  CHECK(figures("ana") == Figures(21, 8 * kUnit + kUnit / 2));  // half a unit from her carry
  CHECK(figures("zoe") == Figures(5, 0));
  // What is given back counts for the same party only, and not before it is closed.
  ledger.AppendAdjustment(AdjustmentMode::kReversal, {Changed("leo", 12 * kUnit, 15 * kUnit)});
  CHECK(figures("ana") == Figures(24, 5 * kUnit + kUnit / 2));
  ledger.AppendAdjustment(AdjustmentMode::kReversal, {Changed("zoe", 0, 15 * kUnit)});
  CHECK(figures("zoe") == Figures(5, 0));
  const std::uint64_t before = ledger.tree_size().value;
  // Once they are closed the statement says it.
  StatementBuilder second = EarnedUnits({});
  REQUIRE_OK(second.AddCurrency("EUR", 64));
  REQUIRE_OK(second.AddOpening("EUR", "party:ana", kUnit / 2, 0));
  REQUIRE_OK(second.AddAdjustment("EUR", "party:ana", 0, kUnit));
  REQUIRE_OK(second.AddAdjustment("EUR", "party:leo", 0, 5 * kUnit));
  ledger.AppendStatement(std::move(second));
  CHECK(figures("ana") == Figures(24, 0));
  const auto then = Read(**ledger.At({before}), {.parties = {"ana"}});
  REQUIRE_OK(then);
  CHECK((*then)[0].payable == MinorUnits{24});
}

TEST_CASE("read balances: all currencies with a figure, or the one asked for",
          "[settlement][balance]") {
  ListSettlementReader ledger = TwoStatements();
  StatementBuilder builder = EarnedUnits({{"party:ana", 1}});
  REQUIRE_OK(builder.AddCurrency("ETH", 32));
  const StatementBuilder::Earning earning = {.payee = "party:ana", .grains = Grains{7} << 32};
  REQUIRE_OK(builder.AddSales("ETH", {7}, 1, {&earning, 1}));
  ledger.AppendStatement(std::move(builder));
  const auto all = Read(ledger, {.parties = {"ana", "leo"}});
  REQUIRE_OK(all);
  REQUIRE(all->size() == 3);
  CHECK((*all)[0].currency == "ETH");
  CHECK((*all)[0].fraction_bits == 32);
  CHECK((*all)[0].payable == MinorUnits{7});
  CHECK((*all)[1].payable == MinorUnits{81});
  CHECK((*all)[2].account == "leo");
  CHECK_STATUS(Read(ledger, {.parties = {"ana"}, .currency = "USD"}), absl::StatusCode::kNotFound);
}

TEST_CASE("read balances: the balance of a merged name is its account's", "[settlement][balance]") {
  ListSettlementReader ledger = TwoStatements();
  ledger.Append(PayoutBatchRecord{.reference = "b1",
                                  .currency = "EUR",
                                  .tree_size = ledger.tree_size().value,
                                  .lines = {{"leo", {15}}, {"ana", {60}}}});
  ledger.Append(PartyMergeRecord{.party = "leo", .into = "eva"});
  ledger.Append(PartyMergeRecord{.party = "ana", .into = "eva"});
  const auto balances = Read(ledger, {.parties = {"leo"}, .currency = "EUR"});
  REQUIRE_OK(balances);
  REQUIRE(balances->size() == 1);
  CHECK((*balances)[0].account == "eva");
  CHECK((*balances)[0].total == MinorUnits{100});
  CHECK((*balances)[0].paid_out == MinorUnits{75});
  // In the order of the log, names of one batch by party.
  CHECK((*balances)[0].payouts[0].party == "ana");
  CHECK((*balances)[0].payouts[1].party == "leo");
}

TEST_CASE("read balances: a limit is an error that names it", "[settlement][balance]") {
  const ListSettlementReader ledger = TwoStatements();
  const auto limited = [&](const BalanceLimits& limits) {
    return FieldOf(Read(ledger, {.parties = {"ana"}}, limits).status());
  };
  CHECK(limited({.party_count_max = 1}) == "party_count_max");
  CHECK(limited({.detail_count_max = 2}) == "detail_count_max");
  CHECK(limited({.party_count_max = 2, .detail_count_max = 3}).empty());
  // Together, too.
  CHECK(FieldOf(Read(ledger, {.parties = {"ana", "zoe"}}, {.party_count_max = 2}).status()) ==
        "party_count_max");
  CancelToken cancel;
  cancel.Cancel();
  CHECK_STATUS(Read(ledger, {.parties = {"ana"}}, {}, &cancel), absl::StatusCode::kCancelled);
}

TEST_CASE("read balances: lines that are not there are a loss, not a smaller balance",
          "[settlement][balance]") {
  ListSettlementReader ledger = TwoStatements();
  ledger.DropLastLine({5});
  constexpr auto kLoss = absl::StatusCode::kDataLoss;
  CHECK_STATUS(Read(ledger, {.parties = {"ana"}}), kLoss);
  CHECK_STATUS(ReadAllBalances(ledger, *ReadRoutes(ledger), "EUR"), kLoss);
  ListSettlementReader gap = TwoStatements();
  StatementRecord later{.number = 9, .previous = Digest(), .begin = 5, .end = 6};
  later.algorithm = kSettlementAlgorithm;
  gap.Append(later);
  CHECK_STATUS(Read(gap, {.parties = {"ana"}}), kLoss);
}

TEST_CASE("find lines: as a scan finds them, with few reads", "[settlement][balance][property]") {
  Rng rng = SeededRng();
  std::vector<std::pair<std::string, Uint128>> units = {{"unattributed", 1}};
  for (std::size_t i = 0; i < 5000; ++i) units.emplace_back(StrCat("party:p", i * 3), i + 1);
  ListSettlementReader ledger;
  ledger.Append(LedgerRecord{});
  const LogPosition record = ledger.AppendStatement(EarnedUnits(units));
  const LineList list = {record, units.size()};
  for (const std::size_t key_count :
       {std::size_t{0}, std::size_t{1}, std::size_t{40}, std::size_t{15'000}}) {
    std::vector<std::string> payees;
    for (std::size_t i = 0; i < key_count; ++i) {
      payees.push_back(StrCat("party:p", key_count == 15'000 ? i : rng.Below(15'000)));
    }
    std::sort(payees.begin(), payees.end());
    payees.erase(std::unique(payees.begin(), payees.end()), payees.end());
    std::vector<LineKey> keys;
    for (const std::string& payee : payees) keys.push_back({"EUR", payee});
    const std::size_t reads_before = ledger.read_lines_call_count();
    const auto found = FindLines(ledger, list, keys, nullptr);
    REQUIRE_OK(found);
    REQUIRE(found->size() == keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::uint64_t p = *ParseUint64(payees[i].substr(7));
      CAPTURE(payees[i]);
      REQUIRE((*found)[i].has_value() == (p % 3 == 0));
      if (p % 3 == 0) REQUIRE((*found)[i]->paid == MinorUnits{p / 3 + 1});
    }
    const std::size_t read_count = ledger.read_lines_call_count() - reads_before;
    CHECK(read_count <= std::min<std::size_t>(key_count * 9, units.size() / 8));
  }
}

TEST_CASE("read all balances: pages of accounts, each with all of its lines",
          "[settlement][balance]") {
  ListSettlementReader ledger = TwoStatements();
  ledger.AppendStatement(EarnedUnits({{"party:aba", 1}, {"party:zoe", 2}, {"party:leo", 3}}));
  const PartyRoutes routes = *ReadRoutes(ledger);
  const auto whole = ReadAllBalances(ledger, routes, "EUR");
  REQUIRE_OK(whole);
  CHECK(!whole->has_more);
  std::vector<std::pair<std::string, Uint128>> shown;
  for (const Balance& balance : whole->balances) {
    shown.emplace_back(balance.account, balance.payable.value);
  }
  CHECK(shown == std::vector<std::pair<std::string, Uint128>>{
                     {"aba", 1}, {"ana", 83}, {"leo", 20}, {"zoe", 2}});
  for (std::size_t size = 1; size <= 4; ++size) {
    std::vector<Balance> paged;
    bool has_more = true;
    while (has_more) {
      const std::string after = paged.empty() ? "" : paged.back().account;
      const auto page = ReadAllBalances(ledger, routes, "EUR", after, size);
      REQUIRE_OK(page);
      REQUIRE(page->balances.size() <= size);
      REQUIRE(!page->balances.empty());
      paged.insert(paged.end(), page->balances.begin(), page->balances.end());
      has_more = page->has_more;
    }
    CHECK(paged == whole->balances);
  }
  // One that loses its place to a later line is on the next page.
  ListSettlementReader descending;
  descending.Append(LedgerRecord{});
  descending.Append(Currency("EUR", 64));
  descending.AppendStatement(EarnedUnits({{"party:zoe", 2}}));
  descending.AppendStatement(EarnedUnits({{"party:ana", 1}}));
  const auto first = ReadAllBalances(descending, PartyRoutes(), "EUR", "", 1);
  REQUIRE_OK(first);
  CHECK(first->balances[0].account == "ana");
  CHECK(first->has_more);
  CHECK(ReadAllBalances(ledger, routes, "ETH")->balances.empty());
  CHECK_STATUS(ReadAllBalances(ledger, routes, "USD"), absl::StatusCode::kNotFound);
  CHECK_STATUS(ReadAllBalances(ledger, routes, "EUR", "", 0), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary::test
