#include "graph/settlement/payout.h"

#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "graph/model/status.h"
#include "tests/support/catch.h"
#include "tests/support/list_settlement_reader.h"

namespace tributary::test {
namespace {

constexpr auto kConflict = absl::StatusCode::kFailedPrecondition;

Balance Payable(std::string account, Uint128 units) {
  return {.account = std::move(account), .currency = "EUR", .total = {units}, .payable = {units}};
}

PayoutBatchRecord Batch(std::string reference, std::uint64_t tree_size,
                        std::vector<PayoutLine> lines) {
  return {.reference = std::move(reference),
          .currency = "EUR",
          .tree_size = tree_size,
          .lines = std::move(lines)};
}

StatementBuilder Earned(const std::vector<std::pair<std::string, Uint128>>& units) {
  StatementBuilder builder;
  REQUIRE_OK(builder.AddCurrency("EUR", 64));
  for (const auto& [payee, amount] : units) {
    const StatementBuilder::Earning earning = {.payee = payee, .grains = amount << 64};
    REQUIRE_OK(builder.AddSales("EUR", {amount}, 1, {&earning, 1}));
  }
  return builder;
}

// The society collects for ana and leo: 10 and 20 in statement 1, 30 and 40 in statement 2.
ListSettlementReader Society() {
  ListSettlementReader ledger;
  ledger.Append(LedgerRecord{});
  ledger.Append(CurrencyRecord{.code = "EUR", .scale = 2, .fraction_bits = 64});
  ledger.Append(MandateRecord{.party = "ana", .collector = "society", .begin = 0});
  ledger.Append(MandateRecord{.party = "leo", .collector = "society", .begin = 0});
  ledger.AppendStatement(Earned({{"party:ana", 10}, {"party:leo", 20}, {"party:zoe", 9}}));
  ledger.AppendStatement(Earned({{"party:ana", 30}, {"party:leo", 40}}));
  return ledger;
}

LogPosition Pay(ListSettlementReader* ledger, std::string reference, Uint128 amount) {
  const PayoutBatchRecord batch =
      Batch(std::move(reference), ledger->tree_size().value, {{"society", {amount}}});
  REQUIRE_OK(CheckNewPayout(*ledger, batch));
  return ledger->Append(batch);
}

// --- Planning ---

TEST_CASE("plan payout: all that is payable, from a least amount on", "[settlement][payout]") {
  const std::vector<Balance> balances = {Payable("a", 5), Payable("b", 0), Payable("c", 9),
                                         Payable("d", 10), Payable("e", 11)};
  const auto plan = PlanPayout(balances, {9});
  REQUIRE_OK(plan);
  CHECK(plan->lines == std::vector<PayoutLine>{{"c", {9}}, {"d", {10}}, {"e", {11}}});
  CHECK(plan->left_count == 0);
  const auto short_plan = PlanPayout(balances, {0}, 2);
  CHECK(short_plan->lines == std::vector<PayoutLine>{{"a", {5}}, {"c", {9}}});
  CHECK(short_plan->left_count == 2);
  CHECK(PlanPayout({}, {0})->lines.empty());
  const std::vector<Balance> largest = {Payable("a", kAmountMax + 7)};
  CHECK(PlanPayout(largest, {0})->lines[0].amount.value == kAmountMax);
}

TEST_CASE("plan payout: what is no list of accounts is refused", "[settlement][payout]") {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  const std::vector<Balance> twice = {Payable("a", 5), Payable("a", 5)};
  CHECK_STATUS(PlanPayout(twice, {0}), kInvalid);
  std::vector<Balance> mixed = {Payable("a", 5), Payable("b", 5)};
  CHECK_STATUS(PlanPayout(mixed, {0}, 0), kInvalid);
  CHECK_STATUS(PlanPayout(mixed, {0}, kPayoutLineCountMax + 1), kInvalid);
  mixed[1].currency = "USD";
  CHECK_STATUS(PlanPayout(mixed, {0}), kInvalid);
}

// --- Checking ---

TEST_CASE("check payout: a line above what is payable is named", "[settlement][payout]") {
  const std::vector<Balance> balances = {Payable("ana", 5), Payable("leo", 7)};
  CHECK_STATUS(CheckPayout(Batch("b", 8, {{"ana", {5}}, {"leo", {7}}}), balances),
               absl::StatusCode::kOk);
  const absl::Status above = CheckPayout(Batch("b", 8, {{"ana", {5}}, {"leo", {8}}}), balances);
  CHECK_STATUS(above, kConflict);
  CHECK(above.message() ==
        "lines[1].amount: found 8 EUR to leo; allowed: at most 7, payable at tree size 8");
  CHECK_STATUS(CheckPayout(Batch("b", 8, {{"zoe", {1}}}), balances), kConflict);
  PayoutBatchRecord dollars = Batch("b", 8, {{"ana", {1}}});
  dollars.currency = "USD";
  CHECK_STATUS(CheckPayout(dollars, balances), absl::StatusCode::kInvalidArgument);
}

TEST_CASE("check new payout: two batches from one balance are not both taken",
          "[settlement][payout]") {
  ListSettlementReader ledger = Society();
  const std::uint64_t now = ledger.tree_size().value;
  REQUIRE_OK(CheckNewPayout(ledger, Batch("b1", now, {{"society", {100}}})));
  CHECK_STATUS(CheckNewPayout(ledger, Batch("b1", now, {{"society", {101}}})), kConflict);
  CHECK_STATUS(CheckNewPayout(ledger, Batch("b1", now, {{"ana", {1}}})), kConflict);
  CHECK_STATUS(CheckNewPayout(ledger, Batch("b1", now + 1, {{"society", {1}}})),
               absl::StatusCode::kOutOfRange);
  const LogPosition first = Pay(&ledger, "b1", 60);
  const absl::Status stale = CheckNewPayout(ledger, Batch("b2", now, {{"society", {40}}}));
  CHECK_STATUS(stale, kConflict);
  CHECK(stale.message() ==
        StrCat("tree_size: found ", now, ", after which a payout batch stands at log position ",
               first.value, "; allowed: above ", first.value, ", with balances as they are now"));
  const std::uint64_t later = ledger.tree_size().value;
  CHECK_STATUS(CheckNewPayout(ledger, Batch("b2", later, {{"society", {41}}})), kConflict);
  REQUIRE_OK(CheckNewPayout(ledger, Batch("b2", later, {{"society", {40}}})));
}

TEST_CASE("check new payout: balances must be as they are now", "[settlement][payout]") {
  const PayoutBatchRecord batch = Batch("b1", Society().tree_size().value, {{"society", {1}}});
  const auto check_after = [&](const RecordBody& body) {
    ListSettlementReader ledger = Society();
    ledger.Append(body);
    return CheckNewPayout(ledger, batch).code();
  };
  CHECK(check_after(MandateRecord{.party = "eva", .collector = "ana", .begin = 99}) == kConflict);
  CHECK(check_after(PartyMergeRecord{.party = "eva", .into = "ana"}) == kConflict);
  CHECK(check_after(PolicyRecord{.name = "p"}) == absl::StatusCode::kOk);
  ListSettlementReader ledger = Society();
  ledger.AppendStatement(Earned({}));
  CHECK_STATUS(CheckNewPayout(ledger, batch), kConflict);
}

TEST_CASE("check new payout: a merged name is not paid", "[settlement][payout]") {
  ListSettlementReader ledger = Society();
  ledger.Append(PartyMergeRecord{.party = "zoe", .into = "z"});
  const absl::Status merged =
      CheckNewPayout(ledger, Batch("b1", ledger.tree_size().value, {{"zoe", {9}}}));
  CHECK_STATUS(merged, kConflict);
  CHECK(merged.message() == "lines[0].party: found zoe, which was merged into another; allowed: z");
  REQUIRE_OK(CheckNewPayout(ledger, Batch("b1", ledger.tree_size().value, {{"z", {9}}})));
}

// --- States ---

TEST_CASE("payout state: created, sent, then settled or failed for ever", "[settlement][payout]") {
  using State = std::optional<PayoutState>;
  const PayoutBatchRecord batch = Batch("b1", 5, {{"ana", {5}}, {"leo", {7}}});
  const std::vector<State> states = {std::nullopt, PayoutState::kSent, PayoutState::kSettled,
                                     PayoutState::kFailed};
  const auto is_allowed = [](State from, PayoutState to) {
    if (!from) return true;
    return from == PayoutState::kSent &&
           (to == PayoutState::kSettled || to == PayoutState::kFailed);
  };
  for (const State of_batch : states) {
    for (const State of_line : states) {
      for (const PayoutState to :
           {PayoutState::kSent, PayoutState::kSettled, PayoutState::kFailed}) {
        const absl::Status whole = CheckPayoutState(batch, {.state = to}, of_batch, std::nullopt);
        CHECK(whole.ok() == is_allowed(of_batch, to));
        const absl::Status line =
            CheckPayoutState(batch, {.party = "leo", .state = to}, of_batch, of_line);
        CHECK(line.ok() == is_allowed(of_line ? of_line : of_batch, to));
      }
    }
  }
  CHECK(
      CheckPayoutState(batch, {.state = PayoutState::kSent}, PayoutState::kFailed, {}).message() ==
      "state: found sent after failed of batch b1; allowed: nothing: failed is final");
  CHECK(
      CheckPayoutState(batch, {.party = "leo", .state = PayoutState::kSent}, PayoutState::kSent, {})
          .message() == "state: found sent after sent of leo; allowed: settled or failed");
  CHECK_STATUS(CheckPayoutState(batch, {.party = "eva", .state = PayoutState::kSent}, {}, {}),
               absl::StatusCode::kInvalidArgument);
}

TEST_CASE("payout state: what is recorded decides, and a failed line may be paid again",
          "[settlement][payout]") {
  ListSettlementReader ledger = Society();
  const Digest batch = ledger.IdAt(Pay(&ledger, "b1", 100));
  const auto record = [&](std::string party, PayoutState state) {
    const PayoutStateRecord next = {.batch = batch, .party = std::move(party), .state = state};
    const absl::Status status = CheckNewPayoutState(ledger, next);
    if (status.ok()) ledger.Append(next);
    return status.code();
  };
  CHECK(record("", PayoutState::kSent) == absl::StatusCode::kOk);
  CHECK(record("society", PayoutState::kSent) == kConflict);
  CHECK(record("society", PayoutState::kFailed) == absl::StatusCode::kOk);
  CHECK(record("society", PayoutState::kSettled) == kConflict);
  CHECK(record("", PayoutState::kSettled) == absl::StatusCode::kOk);
  CHECK(record("eva", PayoutState::kSent) == absl::StatusCode::kInvalidArgument);
  Pay(&ledger, "b2", 100);
  CHECK_STATUS(CheckNewPayoutState(ledger, {.batch = ledger.IdAt({0})}),
               absl::StatusCode::kNotFound);
}

// --- Rows ---

TEST_CASE("payout rows: the oldest units first, for whom they were paid", "[settlement][payout]") {
  ListSettlementReader ledger = Society();
  const Digest first = ledger.IdAt(Pay(&ledger, "b1", 15));
  const Digest second = ledger.IdAt(Pay(&ledger, "b2", 50));
  const std::vector<PayoutRow> rows_of_first = {{"ana", "society", {10}}, {"leo", "society", {5}}};
  const std::vector<PayoutRow> rows_of_second = {{"ana", "society", {30}},
                                                 {"leo", "society", {20}}};
  CHECK(*ReadPayoutRows(ledger, first) == rows_of_first);
  CHECK(*ReadPayoutRows(ledger, second) == rows_of_second);

  // The first fails: its units, and no others, are paid by the next. What was said stays as it is.
  ledger.Append(PayoutStateRecord{.batch = first, .state = PayoutState::kFailed});
  const Digest third = ledger.IdAt(Pay(&ledger, "b3", 20));
  CHECK(*ReadPayoutRows(ledger, third) ==
        std::vector<PayoutRow>{{"ana", "society", {10}}, {"leo", "society", {10}}});
  const Digest fourth = ledger.IdAt(Pay(&ledger, "b4", 10));
  CHECK(*ReadPayoutRows(ledger, fourth) == std::vector<PayoutRow>{{"leo", "society", {10}}});
  CHECK(*ReadPayoutRows(ledger, first) == rows_of_first);
  CHECK(*ReadPayoutRows(ledger, second) == rows_of_second);
  CHECK_STATUS(ReadPayoutRows(ledger, ledger.IdAt({1})), absl::StatusCode::kNotFound);
}

TEST_CASE("payout rows: more than is open is refused", "[settlement][payout]") {
  Balance balance = Payable("society", 30);
  balance.lines = {{1, 0, 9, "ana", {10}}, {1, 0, 9, "leo", {20}}};
  balance.payouts = {{.position = {12}, .tree_size = 11, .amount = {12}, .state = {}}};
  CHECK(*DividePayout(balance, "society", {18}) ==
        std::vector<PayoutRow>{{"leo", "society", {18}}});
  const auto above = DividePayout(balance, "society", {19});
  CHECK_STATUS(above, kConflict);
  CHECK(above.status().message() ==
        "amount: found 19 to society; allowed: at most 18, which is open");
}

// --- Golden rows ---

// The events of tests/golden/payouts, recorded one by one.
class GoldenHistory {
 public:
  GoldenHistory() {
    ledger_.Append(LedgerRecord{});
    ledger_.Append(CurrencyRecord{.code = "EUR", .scale = 2, .fraction_bits = 64});
  }

  void Record(const std::string& what, std::istringstream& words) {
    const LogPosition at = {ledger_.tree_size().value};
    std::string first;
    std::string second;
    if (what == "statement") {
      std::vector<std::pair<std::string, Uint128>> units;
      for (const PayoutLine& line : ReadUnits(words)) {
        units.emplace_back("party:" + line.party, line.amount.value);
      }
      ledger_.AppendStatement(Earned(units));
    } else if (what == "mandate") {
      words >> first >> second;
      const MandateRecord mandate = {.party = first, .collector = second, .begin = at.value};
      REQUIRE_OK(CheckNewRoute(ledger_, *ReadRoutes(ledger_), mandate));
      ledger_.Append(mandate);
    } else if (what == "payout") {
      words >> first;
      const PayoutBatchRecord batch = Batch(first, at.value, ReadUnits(words));
      REQUIRE_OK(CheckNewPayout(ledger_, batch));
      batches_[first] = ledger_.IdAt(ledger_.Append(batch));
      rows_[first];
    } else if (what == "failed") {
      words >> first >> second;
      const PayoutStateRecord state = {
          .batch = batches_.at(first), .party = second, .state = PayoutState::kFailed};
      REQUIRE_OK(CheckNewPayoutState(ledger_, state));
      ledger_.Append(state);
    } else {
      REQUIRE(what == "row");
      std::string receiver;
      std::string units;
      words >> first >> second >> receiver >> units;
      rows_.at(first).push_back({second, receiver, {*ParseUint64(units)}});
    }
  }

  // Asked at the end, long after most were recorded. Returns how many rows there were.
  std::size_t CheckRows() const {
    std::size_t count = 0;
    for (const auto& [name, rows] : rows_) {
      CAPTURE(name);
      const auto read = ReadPayoutRows(ledger_, batches_.at(name));
      REQUIRE_OK(read);
      CHECK(*read == rows);
      count += rows.size();
    }
    return count;
  }

 private:
  static std::vector<PayoutLine> ReadUnits(std::istringstream& words) {
    std::vector<PayoutLine> lines;
    for (std::string word; words >> word;) {
      const std::size_t equals = word.find('=');
      lines.push_back({word.substr(0, equals), {*ParseUint64(word.substr(equals + 1))}});
    }
    return lines;
  }

  ListSettlementReader ledger_;
  std::map<std::string, Digest> batches_;
  std::map<std::string, std::vector<PayoutRow>> rows_;
};

TEST_CASE("payout rows: golden histories", "[settlement][payout][golden]") {
  std::ifstream in(TRIBUTARY_PAYOUTS_FOLDER "/histories.txt");
  std::optional<GoldenHistory> history;
  std::size_t row_count = 0;
  std::size_t line_number = 0;
  for (std::string line; std::getline(in, line);) {
    CAPTURE(++line_number, line);
    std::istringstream words(line);
    std::string what;
    words >> what;
    if (what == "case") {
      if (history.has_value()) row_count += history->CheckRows();
      history.emplace();
    } else {
      history->Record(what, words);
    }
  }
  REQUIRE(history.has_value());
  row_count += history->CheckRows();
  CHECK(row_count == 257);
}

}  // namespace
}  // namespace tributary::test
