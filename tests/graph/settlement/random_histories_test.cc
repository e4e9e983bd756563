// Random histories of sales, corrections of lineage, reversals, holds, statements, adjustments and
// payouts, kept twice: by the code, and by a slow book written from SEMANTICS with big integers.

#include <algorithm>
#include <optional>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/settlement/adjustment.h"
#include "graph/settlement/statement.h"
#include "tests/graph/settlement/sale_cases.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/scale.h"

namespace tributary::test {
namespace {

using Key = std::pair<std::string, std::string>;  // currency, payee
using Earned = std::map<Key, BigInt>;

unsigned BitsOf(const std::string& currency) { return currency == "ETH" ? 32 : 64; }

// --- The slow book ---

struct SlowAccount {
  BigInt balance = 0;  // grains not yet in whole units
  BigInt units = 0;    // paid, or held, less released
  BigInt paid_out = 0;
};

struct SlowBook {
  std::map<Key, SlowAccount> accounts;
  Earned pending;  // for the next close
  std::map<std::string, BigInt> placed;

  void Close() {
    for (const auto& [key, grains] : pending) accounts[key].balance += grains;
    pending.clear();
    for (auto& [key, account] : accounts) {
      const BigInt unit = BigInt(1) << BitsOf(key.first);
      if (account.balance < 0 && key.second.starts_with("party:")) continue;
      BigInt units = account.balance / unit;  // towards zero
      if (units * unit > account.balance) units -= 1;
      account.units += units;
      account.balance -= units * unit;
    }
  }
};

// --- A history, kept by both ---

struct RecordedSale {
  SaleCase sale;  // as of the state it is valued at
  bool is_reversed = false;
};

struct ClosedStatement {
  std::vector<std::size_t> sales;
  EarnedGrains earned;  // with the adjustments posted since
  Earned slow_earned;
};

struct SeenInHistories {
  std::size_t statements = 0;
  std::size_t adjustments = 0;
  std::size_t reversals = 0;
  std::size_t debts = 0;
  std::size_t releases = 0;
  std::size_t payouts = 0;
  std::size_t held = 0;
  std::size_t reroutes = 0;
};

class History {
 public:
  History(Rng& rng, SeenInHistories* seen) : rng_(rng), seen_(seen) {
    do {
      state_ = RandomSaleCase(rng);
    } while (state_.lineage.assets.size() > 14);
    state_.policy.fees.clear();  // random ones may pass a small sale's gross
    state_.policy.absolute_terms.clear();
    state_.sale.sale_count = 1;
    state_.holds.clear();
  }

  // Empty, or what the two books disagree on.
  std::string Run() {
    for (std::uint64_t i = rng_.Between(4, 16); i > 0 && problem_.empty(); --i) Step();
    if (problem_.empty()) ReleaseAll();
    return problem_;
  }

 private:
  void Step() {
    switch (rng_.Below(9)) {
      case 0:
        return ChangeLineage();
      case 1:
        return PlaceHold();
      case 2:
        return Reverse();
      case 3:
        return Adjust(RandomMode());
      case 4:
        Close(/*with_sales=*/true);
        return PayOut();
      case 5:
        return Reroute();
      default:
        return Sell();
    }
  }

  void Sell() {
    RecordedSale sale{state_};
    sale.sale.sale.currency = rng_.OneIn(3) ? "ETH" : "EUR";
    sale.sale.sale.fraction_bits = BitsOf(sale.sale.sale.currency);
    sale.sale.sale.target =
        rng_.OneIn(3) ? rng_.Below(state_.lineage.assets.size()) : state_.sale.target;
    sale.sale.sale.amount = rng_.OneIn(3) ? 1 + rng_.Below(1'000'000) : 1 + rng_.Below(5);
    open_.push_back(sales_.size());
    sales_.push_back(std::move(sale));
  }

  // A late or superseding derivation, or other holders. Sales made before stay as they are, until
  // somebody adjusts.
  void ChangeLineage() {
    PlainAsset& asset = state_.lineage.assets[rng_.Below(state_.lineage.assets.size())];
    if (asset.derivation && !asset.derivation->edges.empty() && rng_.OneIn(2)) {
      PlainEdge& edge = asset.derivation->edges[rng_.Below(asset.derivation->edges.size())];
      edge.weight = 1 + edge.weight / 2;
      asset.derivation->retained = 1 + asset.derivation->retained / 2;
    } else if (!asset.derivation) {
      asset.derivation = PlainDerivation{.retained = 1, .unattributed = rng_.Below(2), .edges = {}};
      if (asset.derivation->unattributed != 0) {
        // Without edges all is retained; a source of its own makes a part unattributed.
        PlainAsset source;
        source.id = Sha256("source " + std::to_string(rng_()));
        asset.derivation->edges.push_back(
            {.input = state_.lineage.assets.size(), .weight = 1 + rng_.Below(3)});
        state_.lineage.assets.push_back(source);  // `asset` is not used again
      }
    } else {
      asset.holders = {{"party-" + std::to_string(rng_.Below(9)), 1 + rng_.Below(5)}};
    }
  }

  void PlaceHold() {
    ReferenceHold hold;
    if (rng_.OneIn(3))
      hold.party = "party-" + std::to_string(rng_.Below(9));
    else if (rng_.OneIn(2))
      hold.asset = rng_.Below(state_.lineage.assets.size());
    else
      hold.derivation_of = rng_.Below(state_.lineage.assets.size());
    hold_ids_.push_back(Sha256("hold " + std::to_string(hold_ids_.size())));
    state_.holds.push_back(hold);
  }

  void Reverse() {
    if (sales_.empty()) return;
    RecordedSale& sale = sales_[rng_.Below(sales_.size())];
    if (!sale.is_reversed) ++seen_->reversals;
    sale.is_reversed = true;
  }

  AdjustmentMode RandomMode() { return static_cast<AdjustmentMode>(rng_.Below(3)); }

  // What the sales of a list earn whom, with the holds of now; by both.
  bool Value(const std::vector<std::size_t>& list, bool at_state_of_now, EarnedGrains* earned,
             Earned* slow) {
    for (const std::size_t i : list) {
      if (sales_[i].is_reversed) continue;
      SaleCase sale = sales_[i].sale;
      if (at_state_of_now) sale.lineage = state_.lineage;
      sale.holds = state_.holds;
      const auto split = Split(sale);
      if (!split.ok()) return Problem(std::string(split.status().message()));
      const std::string& currency = sale.sale.currency;
      for (const SaleLine& line : split->lines) {
        (*earned)[{currency, PayeeKeyOf(line, hold_ids_)}] += line.grains;
        if (line.hold) ++seen_->held;
      }
      const ReferenceSplit wanted =
          ReferenceSplitSale(sale.lineage, sale.sale, sale.policy, sale.holds);
      for (const auto& [key, grains] : wanted.lines) (*slow)[{currency, SlowPayee(key)}] += grains;
    }
    return true;
  }

  std::string SlowPayee(const std::string& line) const {
    const std::string hold = line.substr(line.rfind('|') + 1);
    if (hold.empty()) return line.substr(0, line.find('|'));
    return "hold:" + hold_ids_[std::stoul(hold)].ToHex();
  }

  // Values one closed statement anew and posts the difference.
  void Adjust(AdjustmentMode mode) {
    if (closed_.empty()) return;
    AdjustOne(&closed_[rng_.Below(closed_.size())], mode);
    if (mode == AdjustmentMode::kReversal) Close(/*with_sales=*/false);
  }

  void AdjustOne(ClosedStatement* statement, AdjustmentMode mode) {
    EarnedGrains earned;
    Earned slow;
    if (!Value(statement->sales, true, &earned, &slow)) return;
    Post(statement, std::move(earned), std::move(slow), mode);
  }

  // Gives what one hold has of one closed statement to others.
  void Reroute() {
    if (closed_.empty() || hold_ids_.empty()) return;
    ClosedStatement& statement = closed_[rng_.Below(closed_.size())];
    const Digest& hold = hold_ids_[rng_.Below(hold_ids_.size())];
    const std::vector<Holder> recipients = {{"claimant", 1 + rng_.Below(3)},
                                            {"party-1", 1 + rng_.Below(kWeightSumMax / 2)}};
    auto earned = RerouteEarned(statement.earned, hold, recipients);
    if (!earned.ok()) return void(Problem("reroute"));
    Earned slow;
    for (const auto& [key, grains] : statement.slow_earned) {
      if (key.second != "hold:" + hold.ToHex()) {
        slow[key] += grains;
        continue;
      }
      ++seen_->reroutes;
      const BigInt first =
          grains * recipients[0].units / (BigInt(recipients[0].units) + recipients[1].units);
      slow[{key.first, "party:claimant"}] += first;
      slow[{key.first, "party:party-1"}] += grains - first;
    }
    Post(&statement, *std::move(earned), std::move(slow), AdjustmentMode::kCarriedForward);
  }

  void Post(ClosedStatement* statement, EarnedGrains earned, Earned slow, AdjustmentMode mode) {
    const auto adjustment = CompareEarned(statement->earned, earned);
    if (!adjustment.ok()) return void(Problem("compare"));
    CheckAdjustment(*adjustment, statement->slow_earned, slow);
    if (mode == AdjustmentMode::kProspective) return;
    ++seen_->adjustments;
    posted_.push_back({*adjustment, mode});
    for (const auto& [key, grains] : slow) book_.pending[key] += grains;
    for (const auto& [key, grains] : statement->slow_earned) book_.pending[key] -= grains;
    statement->earned = std::move(earned);
    statement->slow_earned = std::move(slow);
  }

  void CheckAdjustment(const Adjustment& adjustment, const Earned& old_slow, const Earned& slow) {
    std::map<std::string, BigInt> sums;
    for (const AdjustmentLine& line : adjustment.lines) {
      const Key key{line.currency, line.payee};
      const auto at = [&](const Earned& earned) {
        const auto found = earned.find(key);
        return found == earned.end() ? BigInt(0) : found->second;
      };
      if (ToBigInt(line.old_grains) != at(old_slow)) Problem("old grains of " + line.payee);
      if (ToBigInt(line.new_grains) != at(slow)) Problem("new grains of " + line.payee);
      sums[line.currency] += ToBigInt(line.increase()) - ToBigInt(line.decrease());
    }
    for (const AdjustmentTotal& total : adjustment.totals) {
      if (ToBigInt(total.increase) - ToBigInt(total.decrease) != sums[total.currency]) {
        Problem("totals of an adjustment");
      }
    }
  }

  void Close(bool with_sales) {
    ++seen_->statements;
    ClosedStatement closed;
    if (with_sales) closed.sales = std::exchange(open_, {});
    if (!Value(closed.sales, false, &closed.earned, &closed.slow_earned)) return;
    StatementBuilder builder;
    for (const std::string currency : {"EUR", "ETH"}) {
      if (!builder.AddCurrency(currency, BitsOf(currency)).ok()) Problem("currency");
    }
    for (const auto& [key, line] : lines_) {
      if (!builder.AddOpening(key.first, key.second, line.carry, line.debt).ok()) {
        Problem("opening");
      }
    }
    AddSales(closed, &builder);
    for (const auto& [adjustment, mode] : std::exchange(posted_, {})) {
      if (!PostAdjustment(adjustment, mode, &builder).ok()) Problem("post");
    }
    for (const auto& [key, grains] : closed.slow_earned) book_.pending[key] += grains;
    const auto statement = std::move(builder).Close();
    if (!statement.ok()) return void(Problem(std::string(statement.status().message())));
    book_.Close();
    Compare(*statement);
    closed_.push_back(std::move(closed));
  }

  void AddSales(const ClosedStatement& closed, StatementBuilder* builder) {
    for (const std::string currency : {"EUR", "ETH"}) {
      std::vector<StatementBuilder::Earning> earnings;
      for (const auto& [key, grains] : closed.earned) {
        if (key.first == currency) earnings.push_back({key.second, grains});
      }
      MinorUnits amount;
      std::uint64_t count = 0;
      for (const std::size_t i : closed.sales) {
        if (sales_[i].is_reversed || sales_[i].sale.sale.currency != currency) continue;
        amount.value += static_cast<std::uint64_t>(sales_[i].sale.sale.amount);
        ++count;
      }
      if (!builder->AddSales(currency, amount, count, earnings).ok()) Problem("sales");
    }
  }

  // The new statement against the slow book, and its own record.
  void Compare(const Statement& statement) {
    lines_.clear();
    for (const StatementLine& line : statement.lines) {
      const Key key{line.currency, line.payee};
      lines_[key] = line;
      units_[key] += ToBigInt(line.paid.value) - ToBigInt(line.released.value);
      if (line.debt != 0) ++seen_->debts;
      if (IsPaidOut(line.payee) && line.released.value != 0) Problem("a party is paid less than 0");
    }
    for (const auto& [key, account] : book_.accounts) {
      const StatementLine& line = lines_[key];
      if (ToBigInt(line.carry) - ToBigInt(line.debt) != account.balance) {
        Problem("balance of " + key.second);
      }
      if (units_[key] != account.units) Problem("units of " + key.second);
    }
    if (lines_.size() > book_.accounts.size()) Problem("a line that the book lacks");
    StatementRecord record;
    record.line_count = statement.lines.size();
    record.lines_root = statement.lines_root;
    record.totals = statement.totals;
    const absl::Status status = CheckStatementLines(record, statement.lines);
    if (!status.ok()) Problem(std::string(status.message()));
    CheckRecord(record);
  }

  // sum(paid) * 2^s + sum(carry) = sum(opening) + T * 2^s, as the record's own rules say it.
  void CheckRecord(const StatementRecord& totals) {
    Record record;
    record.ledger = "test";
    StatementRecord body = totals;
    body.end = 1;
    body.algorithm = kSettlementAlgorithm;
    record.body = body;
    SortLists(&record);
    const absl::Status status = Validate(record);
    if (!status.ok()) Problem(std::string(status.message()));
  }

  // Pays parties part of what they may have, never more.
  void PayOut() {
    for (const auto& [key, units] : units_) {
      if (!IsPaidOut(key.second)) continue;
      SlowAccount& account = book_.accounts[key];
      const StatementLine& line = lines_[key];
      const auto payable = PayableUnits({static_cast<std::uint64_t>(units)},
                                        {static_cast<std::uint64_t>(account.paid_out)}, line.debt,
                                        BitsOf(key.first));
      if (!payable.ok()) return void(Problem("payouts above what was paid"));
      const BigInt unit = BigInt(1) << BitsOf(key.first);
      const BigInt owed =
          account.balance < 0 ? BigInt((-account.balance + unit - 1) / unit) : BigInt(0);
      const BigInt open = account.units - account.paid_out - owed;
      if (ToBigInt(payable->value) != (open < 0 ? BigInt(0) : open)) Problem("payable");
      if (payable->value == 0) continue;
      ++seen_->payouts;
      account.paid_out += 1 + rng_.Below(static_cast<std::uint64_t>(payable->value));
    }
  }

  // At the end every hold is released and every statement valued without: holds give back all that
  // they took in, and what everybody has is what the sales placed.
  void ReleaseAll() {
    ++seen_->releases;
    Close(/*with_sales=*/true);
    state_.holds.clear();
    for (ClosedStatement& statement : closed_)
      AdjustOne(&statement, AdjustmentMode::kCarriedForward);
    Close(/*with_sales=*/true);
    std::map<std::string, BigInt> all;
    for (const auto& [key, units] : units_) {
      const StatementLine& line = lines_[key];
      const BigInt total =
          (units << BitsOf(key.first)) + ToBigInt(line.carry) - ToBigInt(line.debt);
      if (key.second.starts_with("hold:") && total != 0) Problem("a hold that kept something");
      all[key.first] += total;
    }
    for (const RecordedSale& sale : sales_) {
      if (sale.is_reversed) continue;
      all[sale.sale.sale.currency] -= sale.sale.sale.amount << sale.sale.sale.fraction_bits;
    }
    for (const auto& [currency, rest] : all) {
      if (rest != 0) Problem("grains of " + currency + " lost or made");
    }
  }

  bool Problem(std::string text) {
    if (problem_.empty()) problem_ = std::move(text);
    return false;
  }

  Rng& rng_;
  SeenInHistories* seen_;
  SaleCase state_;  // the lineage and holds of now
  std::vector<Digest> hold_ids_;
  std::vector<RecordedSale> sales_;
  std::vector<std::size_t> open_;  // sales since the last statement
  std::vector<ClosedStatement> closed_;
  std::vector<std::pair<Adjustment, AdjustmentMode>> posted_;
  std::map<Key, StatementLine> lines_;  // of the last statement
  std::map<Key, BigInt> units_;         // paid less released, of all statements
  SlowBook book_;
  std::string problem_;
};

TEST_CASE("random histories: both books agree, and nothing is lost", "[settlement][property]") {
  Rng rng = SeededRng();
  SeenInHistories seen;
  const std::size_t count = Scaled<std::size_t>(100'000);
  for (std::size_t trial = 0; trial < count; ++trial) {
    const std::string problem = History(rng, &seen).Run();
    if (!problem.empty()) FAIL("history " << trial << " of seed " << rng.seed() << ": " << problem);
  }
  CHECK(seen.statements > 3 * count);
  CHECK(seen.adjustments > count);
  CHECK(seen.reversals > count / 4);
  CHECK(seen.debts > count / 20);
  CHECK(seen.releases == count);
  CHECK(seen.payouts > count / 4);
  CHECK(seen.held > count / 4);
  CHECK(seen.reroutes > count / 50);
}

}  // namespace
}  // namespace tributary::test
