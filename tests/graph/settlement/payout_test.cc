#include "graph/settlement/payout.h"

#include <map>
#include <optional>

#include "graph/model/status.h"
#include "tests/graph/settlement/earned.h"
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

// The society collects for ana and leo: 10 and 20 in statement 1, 30 and 40 in statement 2.
ListSettlementReader Society() {
  ListSettlementReader ledger;
  ledger.Append(LedgerRecord{});
  ledger.Append(CurrencyRecord{.code = "EUR", .scale = 2, .fraction_bits = 64});
  ledger.Append(MandateRecord{.party = "ana", .collector = "society", .begin = 0});
  ledger.Append(MandateRecord{.party = "leo", .collector = "society", .begin = 0});
  ledger.AppendStatement(EarnedUnits({{"party:ana", 10}, {"party:leo", 20}, {"party:zoe", 9}}));
  ledger.AppendStatement(EarnedUnits({{"party:ana", 30}, {"party:leo", 40}}));
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

TEST_CASE("plan payout: who is on hold is skipped, with the hold", "[settlement][payout]") {
  const std::vector<Balance> balances = {Payable("a", 5), Payable("b", 7), Payable("c", 9),
                                         Payable("d", 1)};
  const Digest hold = Digest::FromHex(std::string(64, 'a')).value();
  const auto plan =
      PlanPayout(balances, {2}, /*line_count_max=*/1, {{"a", hold}, {"c", hold}, {"d", hold}});
  REQUIRE_OK(plan);
  CHECK(plan->lines == std::vector<PayoutLine>{{"b", {7}}});
  CHECK(plan->left_count == 0);
  CHECK(plan->skipped == std::vector<SkippedPayout>{{"a", {5}, hold}, {"c", {9}, hold}});
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

TEST_CASE("check new payout: what an open adjustment takes is not paid", "[settlement][payout]") {
  ListSettlementReader ledger = Society();
  const std::uint64_t before = ledger.tree_size().value;
  ledger.AppendAdjustment(AdjustmentMode::kCarriedForward,
                          {{"party:leo", "EUR", Grains{40} << 64, 0}});
  const std::uint64_t now = ledger.tree_size().value;
  CHECK_STATUS(CheckNewPayout(ledger, Batch("b1", before, {{"society", {1}}})), kConflict);
  CHECK_STATUS(CheckNewPayout(ledger, Batch("b1", now, {{"society", {61}}})), kConflict);
  REQUIRE_OK(CheckNewPayout(ledger, Batch("b1", now, {{"society", {60}}})));
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
  ledger.AppendStatement(EarnedUnits({}));
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

TEST_CASE("check new payout: who is on hold is not paid, nor under another name",
          "[settlement][payout]") {
  ListSettlementReader ledger = Society();
  ledger.Append(PartyMergeRecord{.party = "z", .into = "zoe"});
  const auto check = [&](const std::string& party) {
    return CheckNewPayout(ledger, Batch("b1", ledger.tree_size().value, {{party, {9}}}));
  };
  const auto hold = [&](const std::string& reference, const std::string& party) {
    return ledger.IdAt(
        ledger.Append(HoldRecord{.reference = reference, .party = party, .reason = "claimed"}));
  };
  const std::uint64_t before = ledger.tree_size().value;
  const Digest first = hold("h1", "z");
  const Digest second = hold("h2", "zoe");
  const absl::Status held = check("zoe");
  CHECK_STATUS(held, kConflict);
  CHECK(held.message() == StrCat("lines[0].party: found zoe, kept by hold ", first.ToHex(),
                                 "; allowed: a party that no hold in force is on"));
  REQUIRE_OK(check("society"));
  // A hold that came after the balances were read is seen too.
  CHECK_STATUS(CheckNewPayout(ledger, Batch("b1", before, {{"zoe", {9}}})), kConflict);
  ledger.Append(HoldReleaseRecord{.hold = first});
  CHECK_STATUS(check("zoe"), kConflict);
  ledger.Append(HoldReleaseRecord{.hold = second});
  REQUIRE_OK(check("zoe"));
  // Of one for whom another collects, the account of the other is not held.
  hold("h3", "ana");
  REQUIRE_OK(check("society"));
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

}  // namespace
}  // namespace tributary::test
