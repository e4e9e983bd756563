// Random histories of earnings, routes, statements, adjustments, payouts and their states, kept by
// the code and by a slow book that looks at everything recorded for each question.

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "graph/model/status.h"
#include "graph/settlement/payout.h"
#include "tests/graph/settlement/slow_routes.h"
#include "tests/support/catch.h"
#include "tests/support/list_settlement_reader.h"
#include "tests/support/rng.h"
#include "tests/support/scale.h"

namespace tributary::test {
namespace {

const std::vector<std::string>& Names() {
  static const auto& names = *new std::vector<std::string>{"a", "b", "c", "d", "e", "f"};
  return names;
}

unsigned FractionBitsOf(const std::string& currency) { return currency == "ETH" ? 32 : 64; }

using Signed = std::int64_t;

// Everything in whole units, but for the debt.
struct SlowBalance {
  Signed total = 0;
  Signed paid_out = 0;
  Signed failed = 0;
  Grains debt = 0;
  Grains pending_decrease = 0;
};

struct SlowPayout {
  Digest batch;
  std::string currency;
  std::map<std::string, Signed> lines;
  std::optional<PayoutState> state;
  std::map<std::string, PayoutState> line_states;

  std::optional<PayoutState> StateOf(const std::string& party) const {
    const auto own = line_states.find(party);
    return own == line_states.end() ? state : own->second;
  }
};

struct SlowStatement {
  std::uint64_t end = 0;
  std::vector<StatementLine> lines;
};

struct SeenInPayouts {
  std::map<std::string, int> counts;
};

enum class Merges { kNone, kLasting, kUndone };

class PayeeHistory {
 public:
  PayeeHistory(Rng& rng, Merges merges, SeenInPayouts* seen)
      : rng_(rng), merges_(merges), seen_(seen) {
    ledger_.Append(LedgerRecord{});
    ledger_.Append(CurrencyRecord{.code = "EUR", .scale = 2, .fraction_bits = 64});
    ledger_.Append(CurrencyRecord{.code = "ETH", .scale = 18, .fraction_bits = 32});
  }

  void Run() {
    for (std::uint64_t i = rng_.Between(15, 60); i > 0; --i) {
      switch (rng_.Below(12)) {
        case 0:
          Route();
          break;
        case 1:
          Adjust();
          break;
        case 2:
        case 3:
          Close();
          break;
        case 4:
        case 5:
          PayOut();
          break;
        case 6:
        case 7:
        case 8:
          ChangeState();
          break;
        case 9:
          merges_ == Merges::kNone ? Route() : MergeOrPart();
          break;
        default:
          Earn();
      }
      Compare();
    }
    CompareWithThen();
  }

 private:
  std::string AnyName() { return Names()[rng_.Below(Names().size())]; }
  std::string AnyCurrency() { return rng_.OneIn(4) ? "ETH" : "EUR"; }
  void Count(const std::string& what) { ++seen_->counts[what]; }

  // --- What happens ---

  void Earn() {
    const LogPosition at = ledger_.Append(PolicyRecord{.name = StrCat("sale", ++sale_count_)});
    const std::string currency = AnyCurrency();
    const MinorUnits amount = {1 + rng_.Below(rng_.OneIn(2) ? 3 : 1000)};
    const Grains placed = amount.value << FractionBitsOf(currency);
    const Grains part = placed / (1 + rng_.Below(7));
    const std::string party = AnyName();
    const std::string earner = slow_.Earner(party, at.value);
    REQUIRE(routes_.EarnerOf(party, at) == earner);
    pending_.push_back({currency,
                        amount,
                        {{"party:" + earner, part},
                         {rng_.OneIn(2) ? "unattributed" : "party:" + AnyName(), placed - part}}});
  }

  template <typename Record>
  void Offer(const Record& record, bool is_allowed) {
    is_allowed = is_allowed && CheckRoute(routes_, record).ok();
    if (!is_allowed) return;
    ledger_.Append(record);
    REQUIRE_OK(routes_.Apply(record));
    slow_.Put(record);
    Count("route");
  }

  void Route() {
    const std::string party = AnyName();
    std::string other = party;
    while (other == party) other = AnyName();
    const std::uint64_t begin = rng_.Below(ledger_.tree_size().value + 5);
    std::optional<std::uint64_t> end;
    if (rng_.OneIn(2)) end = begin + 1 + rng_.Below(20);
    if (rng_.OneIn(3)) {
      return Offer(AssignmentRecord{.party = party, .assignee = other, .begin = begin, .end = end},
                   true);
    }
    MandateRecord mandate = {.party = party, .collector = other, .begin = begin, .end = end};
    if (rng_.OneIn(3) && !slow_.mandates.empty()) {  // one that is there gets another end
      mandate = std::next(slow_.mandates.begin(),
                          static_cast<std::ptrdiff_t>(rng_.Below(slow_.mandates.size())))
                    ->second;
      mandate.end = std::max(mandate.begin, ledger_.tree_size().value) + rng_.Below(9) + 1;
    }
    const LogPosition closed_end = {statements_.empty() ? 0 : statements_.back().end};
    const bool is_allowed = CheckMandateChange(routes_, mandate, closed_end).ok();
    Count(is_allowed ? "mandate" : "mandate refused");
    Offer(mandate, is_allowed);
  }

  void MergeOrPart() {
    const std::string party = AnyName();
    std::string other = party;
    while (other == party) other = AnyName();
    const bool is_merged = slow_.merges.contains(party);
    if (is_merged && merges_ == Merges::kLasting) return;
    const bool is_parted = is_merged && rng_.OneIn(2);
    const PartyMergeRecord merge = {.party = party, .into = is_parted ? "" : other};
    if (!CheckRoute(routes_, merge).ok()) return;
    const bool is_allowed = CheckNewRoute(ledger_, routes_, merge).ok();
    Count(is_merged ? (is_allowed ? "merge changed" : "merge change refused") : "merge");
    REQUIRE((is_merged || is_allowed));
    Offer(merge, is_allowed);
  }

  void Adjust() {
    if (statements_.empty()) return;
    const Grains grains = (Grains{1} << 60) * rng_.Between(1, 5000);
    const Shift shift = {AnyCurrency(), "party:" + AnyName(), "party:" + AnyName(), grains};
    if (shift.up == shift.down) return;
    const auto mode = static_cast<AdjustmentMode>(rng_.Below(3));
    std::vector<AdjustmentLine> lines = {{shift.up, shift.currency, 0, grains},
                                         {shift.down, shift.currency, grains, 0}};
    ledger_.AppendAdjustment(mode, std::move(lines));
    if (mode != AdjustmentMode::kProspective) adjustments_.push_back(shift);
  }

  void Close() {
    ledger_.Append(PolicyRecord{.name = StrCat("close", ++sale_count_)});  // no empty range
    StatementBuilder builder;
    for (const std::string currency : {"EUR", "ETH"}) {
      REQUIRE_OK(builder.AddCurrency(currency, FractionBitsOf(currency)));
    }
    if (!statements_.empty()) {
      for (const StatementLine& line : statements_.back().lines) {
        REQUIRE_OK(builder.AddOpening(line.currency, line.payee, line.carry, line.debt));
      }
    }
    for (const auto& [currency, amount, earnings] : pending_) {
      REQUIRE_OK(builder.AddSales(currency, amount, 1, earnings));
    }
    for (const auto& [currency, up, down, grains] : adjustments_) {
      REQUIRE_OK(builder.AddAdjustment(currency, up, grains, 0));
      REQUIRE_OK(builder.AddAdjustment(currency, down, 0, grains));
    }
    pending_.clear();
    adjustments_.clear();
    const std::uint64_t end = ledger_.tree_size().value;
    const LogPosition position = ledger_.AppendStatement(std::move(builder));
    SlowStatement& statement = statements_.emplace_back(SlowStatement{.end = end, .lines = {}});
    const auto lines = ledger_.ReadLines(position, 0, 1'000'000);
    REQUIRE_OK(lines);
    for (const std::string& bytes : *lines) {
      statement.lines.push_back(*DecodeStatementLine(bytes));
      if (statement.lines.back().debt != 0) Count("debt");
    }
    Count("statement");
  }

  void PayOut() {
    const std::string currency = AnyCurrency();
    const auto page = ReadAllBalances(ledger_, routes_, currency);
    REQUIRE_OK(page);
    const auto plan = PlanPayout(page->balances, {rng_.Below(20)}, 1 + rng_.Below(4));
    REQUIRE_OK(plan);
    if (plan->lines.empty()) return;
    PayoutBatchRecord batch = {.reference = StrCat("b", payouts_.size()),
                               .currency = currency,
                               .tree_size = ledger_.tree_size().value,
                               .lines = plan->lines};
    PayoutBatchRecord above = batch;
    above.lines[rng_.Below(above.lines.size())].amount.value += 1 + rng_.Below(3);
    CHECK_STATUS(CheckNewPayout(ledger_, above), absl::StatusCode::kFailedPrecondition);
    for (PayoutLine& line : batch.lines) {
      if (rng_.OneIn(3))
        line.amount.value = 1 + rng_.Below(static_cast<std::uint64_t>(line.amount.value));
    }
    REQUIRE_OK(CheckNewPayout(ledger_, batch));
    if (rng_.OneIn(3)) ledger_.Append(PolicyRecord{.name = StrCat("other", ++sale_count_)});
    const LogPosition position = ledger_.Append(batch);
    batch.reference += "again";
    CHECK_STATUS(CheckNewPayout(ledger_, batch), absl::StatusCode::kFailedPrecondition);
    SlowPayout& payout = payouts_.emplace_back();
    payout.batch = ledger_.IdAt(position);
    payout.currency = currency;
    for (const PayoutLine& line : batch.lines) {
      payout.lines[line.party] = static_cast<Signed>(line.amount.value);
    }
    Count("payout");
  }

  void ChangeState() {
    if (payouts_.empty()) return;
    SlowPayout& payout = payouts_[rng_.Below(payouts_.size())];
    const bool is_line = rng_.OneIn(2);
    const std::string party =
        is_line ? std::next(payout.lines.begin(),
                            static_cast<std::ptrdiff_t>(rng_.Below(payout.lines.size())))
                      ->first
                : "";
    const auto to = static_cast<PayoutState>(rng_.Below(3));
    const std::optional<PayoutState> from = is_line ? payout.StateOf(party) : payout.state;
    const bool is_allowed = !from || (from == PayoutState::kSent &&
                                      (to == PayoutState::kSettled || to == PayoutState::kFailed));
    const PayoutStateRecord record = {.batch = payout.batch, .party = party, .state = to};
    REQUIRE(CheckNewPayoutState(ledger_, record).ok() == is_allowed);
    if (!is_allowed) return;
    ledger_.Append(record);
    if (is_line) {
      payout.line_states[party] = to;
    } else {
      payout.state = to;
    }
    Count(StrCat(ToName(to), is_line ? " line" : " batch"));
  }

  // --- What must hold ---

  SlowBalance SlowBalanceOf(const std::string& account, const std::string& currency) const {
    SlowBalance balance;
    for (const SlowStatement& statement : statements_) {
      for (const StatementLine& line : statement.lines) {
        if (!line.payee.starts_with("party:") || line.currency != currency) continue;
        if (slow_.Collector(line.payee.substr(6), statement.end - 1) != account) continue;
        balance.total += static_cast<Signed>(line.paid.value);
        if (&statement == &statements_.back()) balance.debt += line.debt;
      }
    }
    for (const std::string& party : Names()) {
      if (statements_.empty() || slow_.Collector(party, statements_.back().end) != account)
        continue;
      Grains up = 0;
      Grains down = 0;
      for (const Shift& shift : adjustments_) {
        if (shift.currency != currency) continue;
        if (shift.up == "party:" + party) up += shift.grains;
        if (shift.down == "party:" + party) down += shift.grains;
      }
      for (const StatementLine& line : statements_.back().lines) {
        if (line.payee == "party:" + party && line.currency == currency) up += line.carry;
      }
      if (down > up) balance.pending_decrease += down - up;
    }
    for (const SlowPayout& payout : payouts_) {
      if (payout.currency != currency) continue;
      for (const auto& [party, amount] : payout.lines) {
        if (slow_.Account(party) != account) continue;
        const bool is_back = payout.StateOf(party) == PayoutState::kFailed;
        (is_back ? balance.failed : balance.paid_out) += amount;
      }
    }
    return balance;
  }

  void Compare() {
    for (const std::string currency : {"EUR", "ETH"}) {
      const auto page = ReadAllBalances(ledger_, routes_, currency);
      REQUIRE_OK(page);
      const auto read = ReadBalances(ledger_, routes_, {.parties = Names(), .currency = currency});
      REQUIRE_OK(read);
      Signed sum = 0;
      std::size_t shown_count = 0;
      for (const Balance& balance : *read) {
        const SlowBalance slow = SlowBalanceOf(balance.account, currency);
        CAPTURE(balance.account, currency);
        REQUIRE(static_cast<Signed>(balance.total.value) == slow.total);
        REQUIRE(static_cast<Signed>(balance.paid_out.value) == slow.paid_out);
        REQUIRE(static_cast<Signed>(balance.failed.value) == slow.failed);
        REQUIRE(balance.debt == slow.debt);
        REQUIRE(balance.pending_decrease == slow.pending_decrease);
        if (slow.pending_decrease != 0) Count("decrease to come");
        const unsigned bits = FractionBitsOf(currency);
        const Grains owing = slow.debt + slow.pending_decrease;
        const auto owed =
            static_cast<Signed>(owing >> bits) + ((owing & ((Grains{1} << bits) - 1)) != 0 ? 1 : 0);
        const Signed open = slow.total - slow.paid_out;
        REQUIRE(static_cast<Signed>(balance.payable.value) == std::max<Signed>(0, open - owed));
        REQUIRE(static_cast<Signed>(balance.overpaid.value) == std::max<Signed>(0, -open));
        REQUIRE(balance.overpaid.value == 0);
        sum += open;
        Balance sums = balance;
        sums.lines.clear();
        sums.payouts.clear();
        const auto on_page = std::find(page->balances.begin(), page->balances.end(), sums);
        if (on_page != page->balances.end()) ++shown_count;
        const bool is_zero = slow.total == 0 && slow.paid_out == 0 && slow.failed == 0 &&
                             slow.debt == 0 && slow.pending_decrease == 0;
        REQUIRE((is_zero || on_page != page->balances.end()));
        Signed listed = 0;
        for (const BalanceLine& line : balance.lines)
          listed += static_cast<Signed>(line.paid.value);
        REQUIRE(listed == slow.total);
      }
      REQUIRE(shown_count == page->balances.size());
      REQUIRE(sum == StatementsLessPayouts(currency));
    }
    // What any state says stays said.
    if (rng_.OneIn(6)) {
      then_[ledger_.tree_size().value] = *ReadBalances(ledger_, routes_, {.parties = Names()});
    }
  }

  Signed StatementsLessPayouts(const std::string& currency) const {
    Signed sum = 0;
    for (const SlowStatement& statement : statements_) {
      for (const StatementLine& line : statement.lines) {
        const bool counts = line.payee.starts_with("party:") && line.currency == currency;
        if (counts) sum += static_cast<Signed>(line.paid.value);
      }
    }
    for (const SlowPayout& payout : payouts_) {
      for (const auto& [party, amount] : payout.lines) {
        const bool counts =
            payout.currency == currency && payout.StateOf(party) != PayoutState::kFailed;
        if (counts) sum -= amount;
      }
    }
    return sum;
  }

  void CompareWithThen() {
    for (const auto& [tree_size, balances] : then_) {
      const auto reader = ledger_.At({tree_size});
      REQUIRE_OK(reader);
      const auto routes = ReadRoutes(**reader);
      REQUIRE_OK(routes);
      REQUIRE(*ReadBalances(**reader, *routes, {.parties = Names()}) == balances);
    }
  }

  struct Sale {
    std::string currency;
    MinorUnits amount;
    std::vector<StatementBuilder::Earning> earnings;
  };
  struct Shift {
    std::string currency;
    std::string up;
    std::string down;
    Grains grains = 0;
  };

  Rng& rng_;
  Merges merges_;
  SeenInPayouts* seen_;
  ListSettlementReader ledger_;
  PartyRoutes routes_;
  SlowRoutes slow_;
  std::vector<Sale> pending_;
  std::vector<Shift> adjustments_;
  std::vector<SlowStatement> statements_;
  std::vector<SlowPayout> payouts_;
  std::map<std::uint64_t, std::vector<Balance>> then_;
  std::uint64_t sale_count_ = 0;
};

// Property: balances are what statements paid less what payouts took, account by account and
//           together; no checked payout exceeds its balance; what a tree size answered it answers
//           for ever; and nobody is ever paid more than there was, also where merges are undone.
TEST_CASE("payouts: random histories, as a slow book says", "[settlement][payout][property]") {
  Rng rng = SeededRng();
  SeenInPayouts seen;
  const std::size_t count = Scaled<std::size_t>(400);
  for (std::size_t trial = 0; trial < count; ++trial) {
    CAPTURE(rng.seed(), trial);
    const Merges merges = trial % 3 == 0   ? Merges::kNone
                          : trial % 3 == 1 ? Merges::kLasting
                                           : Merges::kUndone;
    PayeeHistory(rng, merges, &seen).Run();
  }
  for (const char* what :
       {"route", "mandate", "mandate refused", "statement", "debt", "payout", "sent line",
        "settled line", "failed line", "sent batch", "settled batch", "failed batch", "merge",
        "merge changed", "merge change refused", "decrease to come"}) {
    CAPTURE(what, seen.counts[what]);
    CHECK(seen.counts[what] > 0);
  }
}

}  // namespace
}  // namespace tributary::test
