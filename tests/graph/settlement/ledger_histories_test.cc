// Random ledgers with sales, corrections, escrows, late lineage, holds, assignments, statements and
// adjustments: what the code closes against a slow reading of the same log, grain for grain.

#include <algorithm>
#include <iostream>
#include <optional>

#include "graph/model/status.h"
#include "graph/settlement/adjust.h"
#include "graph/settlement/close.h"
#include "graph/settlement/explain.h"
#include "tests/graph/settlement/assignment_routes.h"
#include "tests/support/catch.h"
#include "tests/support/memory_settlement_ledger.h"
#include "tests/support/reference_ledger.h"
#include "tests/support/rng.h"
#include "tests/support/scale.h"

namespace tributary::test {
namespace {

struct SeenInLedgers {
  std::uint64_t statements = 0;
  std::uint64_t sales = 0;
  std::uint64_t shared = 0;   // statements that valued several tree sizes in one pass
  std::uint64_t several = 0;  // statements that needed several passes
  std::uint64_t adjustments = 0;
  std::uint64_t unconcerned = 0;
  std::uint64_t refused = 0;
  std::uint64_t debts = 0;
  std::uint64_t held = 0;
  std::uint64_t explained = 0;
  std::uint64_t before_close = 0;  // adjustments for lineage of before the statement's end
  std::uint64_t late_holds = 0;    // closes refused for a hold above their end
};

// Below it stand the ledger, two currencies and the first policy.
constexpr std::uint64_t kSetUpSize = 4;

using Key = std::pair<std::string, std::string>;

class LedgerHistory {
 public:
  LedgerHistory(Rng& rng, SeenInLedgers* seen) : rng_(rng), seen_(seen), slow_(ledger_) {
    ledger_.Append(CurrencyRecord{.code = "EUR", .scale = 2});
    ledger_.Append(CurrencyRecord{.code = "TOK", .scale = 0, .fraction_bits = 3});
    for (std::uint64_t i = rng_.Below(3); i > 0; --i) AddPolicy();
    for (std::uint64_t i = rng_.Between(2, 5); i > 0; --i) AddAsset();
    options_.routes = [](const SettlementReader& reader) { return ReadAssignments(reader); };
  }

  // Empty, or what the two disagree on.
  std::string Run() {
    for (std::uint64_t i = rng_.Between(6, 20); i > 0 && problem_.empty(); --i) Step();
    if (problem_.empty()) Close();
    if (problem_.empty()) Recompute();
    return problem_;
  }

 private:
  // --- What happens ---

  void Step() {
    switch (rng_.Below(20)) {
      case 0:
        return AddAsset();
      case 1:
      case 2:
        return ChangeLineage();
      case 3:
        return PlaceHold();
      case 4:
        return Release();
      case 5:
        return Assign();
      case 6:
        return Reverse();
      case 7:
        return Correct();
      case 8:
        return EndEscrow();
      case 9:
      case 10:
        return Close();
      case 11:
      case 12:
      case 13:
      case 14:
      case 15:
        return Adjust();
      default:
        return Sell();
    }
  }

  std::string Party() { return std::string(1, static_cast<char>('a' + rng_.Below(4))); }
  std::size_t SomeAsset() { return rng_.Below(assets_.size()); }
  Digest IdOf(LogPosition position) const { return ledger_.id(position); }

  void AddPolicy() {
    PolicyRecord policy{.name = "p" + std::to_string(policies_.size())};
    if (rng_.OneIn(2)) {
      policy.fees.push_back({.party = Party(), .label = "shop", .ppm = rng_.Between(1, 200'000)});
    }
    if (rng_.OneIn(3)) {
      policy.fees.push_back({.party = Party(), .fixed = {1 + rng_.Below(2)}, .currency = "EUR"});
    }
    if (rng_.OneIn(2)) {
      policy.absolute_terms.push_back({AssetId(rng_.Below(5)), rng_.Between(1, 400'000)});
    }
    if (rng_.OneIn(5)) {
      policy.floors.push_back({rng_.OneIn(2) ? Role::kTrainingData : Role::kBaseModel, 300'000});
    }
    if (rng_.OneIn(3)) policy.undisclosed = static_cast<UndisclosedRule>(rng_.Below(3));
    if (rng_.OneIn(6)) policy.unclaimed = UnclaimedRule::kSoldAssetHolders;
    policies_.push_back(IdOf(ledger_.Append(policy)));
  }

  static Digest AssetId(std::uint64_t index) {
    Digest id;
    // Ids in another order than numbers.
    id.bytes[0] = static_cast<std::uint8_t>(index * 0x9d);
    id.bytes[1] = static_cast<std::uint8_t>(index);
    return id;
  }

  void AddAsset() {
    AssetRecord record;
    record.asset = AssetId(assets_.size());
    record.kind = rng_.OneIn(3) ? AssetKind::kDataset : AssetKind::kWork;
    assets_.push_back(record.asset);
    ranks_.push_back(rng_());
    ledger_.Append(record);
    if (!rng_.OneIn(3)) SetHolders(assets_.size() - 1);
    if (assets_.size() > 1 && !rng_.OneIn(4)) Derive(assets_.size() - 1);
  }

  void SetHolders(std::size_t asset) {
    std::map<std::string, std::uint64_t> holders;
    for (std::uint64_t i = rng_.Between(1, 2); i > 0; --i) holders[Party()] = rng_.Between(1, 5);
    std::vector<Holder> list;
    for (const auto& [party, units] : holders) list.push_back({party, units});
    Changed(ledger_.Append(HoldersRecord{assets_[asset], list}));
  }

  // From assets of lower rank, so that nothing closes a cycle; they may be newer than their maker.
  void Derive(std::size_t asset) {
    std::vector<LedgerEdge> edges;
    for (std::size_t input = 0; input < assets_.size(); ++input) {
      if (ranks_[input] >= ranks_[asset] || !rng_.OneIn(2)) continue;
      edges.push_back(
          {assets_[input], rng_.Below(4), rng_.OneIn(2) ? Role::kTrainingData : Role::kBaseModel});
    }
    const std::uint64_t retained = rng_.Between(1, 3);
    Changed(ledger_.Derive(assets_[asset], edges, retained, edges.empty() ? 0 : rng_.Below(2)));
    derivations_.push_back(changes_.back());
  }

  void ChangeLineage() { ChangeLineageOf(SomeAsset()); }

  void ChangeLineageOf(std::size_t asset) {
    if (rng_.OneIn(3)) return SetHolders(asset);
    if (rng_.OneIn(8)) {
      AssetRecord record;
      record.asset = assets_[asset];
      record.kind = rng_.OneIn(2) ? AssetKind::kDataset : AssetKind::kWork;
      return Changed(ledger_.Append(record));
    }
    Derive(asset);
  }

  void Changed(LogPosition position) { changes_.push_back(position); }

  void ChangeSomething() {
    switch (rng_.Below(8)) {
      case 0:
        return Reverse();
      case 1:
        return Correct();
      case 2:
        return Release();
      case 3:
        return Assign();
      case 4:
        return ChangeLineage();
      default:
        return ChangeLineageOf(sold_.empty() ? SomeAsset() : sold_[rng_.Below(sold_.size())]);
    }
  }

  void Sell() {
    SaleRecord sale;
    sale.reference = std::to_string(ledger_.tree_size().value);
    const std::size_t asset = SomeAsset();
    sale.asset = assets_[asset];
    sale.amount = {rng_.OneIn(6) ? 1 : 1 + rng_.Below(2'000)};
    sale.currency = rng_.OneIn(4) ? "TOK" : "EUR";
    if (rng_.OneIn(4)) sale.tree_size = SizeWith(sale.asset);
    if (!policies_.empty() && rng_.OneIn(3)) sale.policy = SomePolicy();
    if (rng_.OneIn(5)) sale.pending_until = TimeMs{1};
    sales_.push_back(ledger_.Append(sale));
    sold_.push_back(asset);
    if (rng_.OneIn(5)) ChangeLineageOf(asset);  // too late for this sale
  }

  Digest SomePolicy() { return policies_[rng_.Below(policies_.size())]; }

  // A tree size at which the asset was recorded.
  std::uint64_t SizeWith(const Digest& asset) {
    const auto number = ledger_.Reader()->FindAsset(asset).value().value();
    return rng_.Between(number.value + 1, ledger_.tree_size().value);
  }

  bool Exists(const RecordBody& probe) const {
    return ledger_.Reader()->FindInForce(probe).value().has_value();
  }

  void Reverse() {
    if (sales_.empty()) return;
    const Digest sale = IdOf(sales_[rng_.Below(sales_.size())]);
    if (Exists(ReversalRecord{.sale = sale})) return;
    Changed(ledger_.Append(ReversalRecord{.sale = sale}));
  }

  void Correct() {
    if (sales_.empty()) return;
    const LogPosition position = sales_[rng_.Below(sales_.size())];
    CorrectionRecord correction{.sale = IdOf(position)};
    if (rng_.OneIn(2)) correction.amount = MinorUnits{1 + rng_.Below(2'000)};
    if (rng_.OneIn(3)) {
      correction.asset = assets_[SomeAsset()];
      correction.tree_size = SizeWith(*correction.asset);
    } else if (rng_.OneIn(3)) {
      correction.tree_size = SizeWith(std::get<SaleRecord>(ledger_.at(position).record.body).asset);
    }
    if (!policies_.empty() && rng_.OneIn(4)) correction.policy = SomePolicy();
    Changed(ledger_.Append(correction));
  }

  void EndEscrow() {
    for (const LogPosition position : sales_) {
      const auto& sale = std::get<SaleRecord>(ledger_.at(position).record.body);
      if (!sale.pending_until || Exists(EscrowRecord{.sale = IdOf(position)})) continue;
      ledger_.Append(
          EscrowRecord{.sale = IdOf(position),
                       .outcome = rng_.OneIn(3) ? EscrowOutcome::kVoided : EscrowOutcome::kPosted});
      return;
    }
  }

  void PlaceHold() {
    HoldRecord hold{.reference = std::to_string(ledger_.tree_size().value), .reason = "dispute"};
    const std::uint64_t kind = rng_.Below(4);
    if (kind == 0 && !sales_.empty()) {
      hold.sale = IdOf(sales_[rng_.Below(sales_.size())]);
    } else if (kind == 1 && !derivations_.empty()) {
      hold.derivation = IdOf(derivations_[rng_.Below(derivations_.size())]);
    } else if (kind == 2) {
      hold.asset = assets_[SomeAsset()];
    } else {
      hold.party = Party();
    }
    holds_.push_back(IdOf(ledger_.Append(hold)));
  }

  void Release() {
    if (holds_.empty()) return;
    HoldReleaseRecord release{.hold = holds_[rng_.Below(holds_.size())]};
    if (Exists(release)) return;
    if (rng_.OneIn(2)) {
      release.outcome = HoldOutcome::kRerouted;
      release.recipients = {{"a", 2}, {"claimant", 1}};
    }
    Changed(ledger_.Append(release));
  }

  void Assign() {
    AssignmentRecord assignment{.party = Party(), .assignee = "bank"};
    assignment.begin = rng_.Below(ledger_.tree_size().value + 4);
    if (rng_.OneIn(2)) assignment.end = assignment.begin + 1 + rng_.Below(8);
    Changed(ledger_.Append(assignment));
  }

  // --- Statements ---

  void Close() {
    const std::uint64_t begin = ends_.empty() ? 0 : ends_.back();
    const std::uint64_t size = ledger_.tree_size().value;
    const std::uint64_t end = rng_.OneIn(4) ? rng_.Between(begin, size - 1) + 1 : size;
    if (end <= begin) return;
    if (rng_.OneIn(8)) PlaceHold();  // above the end
    std::optional<Digest> policy;
    if (!policies_.empty() && rng_.OneIn(2) && end > kSetUpSize) policy = policies_[0];
    const ReferenceValuation wanted = slow_.Value(begin, end, policy, {});
    const auto closed = CloseStatement(*ledger_.Reader(), {end}, policy, options_);
    if (!wanted.refused.empty()) return CompareRefusal(closed.status(), wanted.refused);
    if (IsHeldLate(begin, end, policy)) {
      ++seen_->late_holds;
      if (!absl::IsFailedPrecondition(closed.status())) Problem("closed below a hold");
      return;
    }
    if (!closed.ok()) return void(Problem("close: " + std::string(closed.status().message())));
    ++seen_->statements;
    seen_->sales += closed->sale_count;
    if (closed->pass_count < closed->sale_count) ++seen_->shared;
    if (closed->pass_count > 1) ++seen_->several;
    if (closed->sale_count != wanted.sale_count) Problem("number of sales");
    if (closed->pass_count != wanted.pass_count) Problem("number of passes");
    CompareLines(*closed, wanted, begin, end);
    CompareWithSalesAlone(wanted, begin, end, policy);
    ends_.push_back(end);
    if (std::get<StatementRecord>(RecordBody(closed->record)).number != ends_.size()) {
      Problem("number of the statement");
    }
    statements_.push_back(ledger_.Append(closed->record, closed->lines));
    lines_.push_back(closed->lines);
  }

  // Whether a hold in force now that stands at `end` or above would hold of the statement's sales.
  bool IsHeldLate(std::uint64_t begin, std::uint64_t end, const std::optional<Digest>& policy) {
    const std::uint64_t now = ledger_.tree_size().value;
    const ReferenceValuation judged = slow_.Value(begin, end, policy, {}, false, now);
    for (std::uint64_t p = end; p < now; ++p) {
      for (const auto& [key, grains] : judged.earned) {
        if (key.second == "hold:" + IdOf({p}).ToHex()) return true;
      }
    }
    return false;
  }

  // The code refuses if the model does, naming one of its sales; all of them are then reversed.
  void CompareRefusal(const absl::Status& status, const std::set<std::uint64_t>& refused) {
    ++seen_->refused;
    const std::string message(status.message());
    bool is_named = false;
    for (const std::uint64_t sale : refused) {
      is_named |= message.find(IdOf({sale}).ToHex()) != std::string::npos;
      if (!Exists(ReversalRecord{.sale = IdOf({sale})})) {
        ledger_.Append(ReversalRecord{.sale = IdOf({sale})});
      }
    }
    if (!is_named) Problem("refusal: " + message);
  }

  void CompareLines(const ClosedStatement& closed, const ReferenceValuation& wanted,
                    std::uint64_t begin, std::uint64_t end) {
    std::map<Key, BigInt> change;  // balances of this statement, openings included
    for (const auto& [key, grains] : wanted.earned) change[key] += grains;
    for (const auto& [position, differences] : posted_) {
      if (position < begin || position >= end) continue;
      for (const auto& [key, grains] : differences) change[key] += grains;
    }
    for (const auto& [key, grains] : carried_) change[key] += grains;
    std::vector<StatementLine> lines;
    std::map<Key, BigInt> carried;
    std::map<std::string, BigInt> paid;
    for (const std::string& bytes : closed.lines) {
      const StatementLine line = DecodeStatementLine(bytes).value();
      lines.push_back(line);
      const Key key{line.currency, line.payee};
      const unsigned bits = line.currency == "EUR" ? 64 : 3;
      const BigInt balance = change[key];
      change.erase(key);
      const auto earned = wanted.earned.find(key);
      if (ToBigInt(line.earned) != (earned == wanted.earned.end() ? 0 : earned->second)) {
        Problem("earned by " + line.payee);
      }
      const BigInt units = ToBigInt(line.paid.value) - ToBigInt(line.released.value);
      const BigInt rest = ToBigInt(line.carry) - ToBigInt(line.debt);
      if ((units << bits) + rest != balance) Problem("balance of " + line.payee);
      if (line.payee.starts_with("party:") && line.released.value != 0) Problem("paid below 0");
      if (line.debt != 0) ++seen_->debts;
      if (line.payee.starts_with("hold:")) ++seen_->held;
      if (rest != 0) carried[key] = rest;
      paid[line.currency] += units << bits;
    }
    for (const auto& [key, grains] : change) {
      if (grains != 0) Problem("no line for " + key.second);
    }
    carried_ = std::move(carried);
    const absl::Status status = CheckStatementLines(closed.record, lines);
    if (!status.ok()) Problem(std::string(status.message()));
    Record record;
    record.ledger = "test.example/ledger";
    record.body = closed.record;
    if (const absl::Status valid = Validate(record); !valid.ok()) {
      Problem(std::string(valid.message()));
    }
    for (const StatementTotal& total : closed.record.totals) {
      const auto amount = wanted.amounts.find(total.currency);
      if (ToBigInt(total.amount.value) != (amount == wanted.amounts.end() ? 0 : amount->second)) {
        Problem("total amount");
      }
    }
  }

  // Cutting a total into single sales moves single grains only.
  void CompareWithSalesAlone(const ReferenceValuation& together, std::uint64_t begin,
                             std::uint64_t end, const std::optional<Digest>& policy) {
    if (!rng_.OneIn(8)) return;
    const ReferenceValuation alone = slow_.Value(begin, end, policy, {}, /*one_by_one=*/true);
    std::map<Key, BigInt> differences;
    for (const auto& [key, grains] : together.earned) differences[key] += grains;
    for (const auto& [key, grains] : alone.earned) differences[key] -= grains;
    const BigInt grains = 200 * together.sale_count;  // edges, holders and terms of so few assets
    for (const auto& [key, difference] : differences) {
      if (difference > grains || difference < -grains) Problem("cut: " + key.second);
    }
  }

  // --- Adjustments ---

  void Adjust() {
    if (statements_.empty() || changes_.empty()) return;
    const std::size_t s = rng_.Below(statements_.size());
    // Mostly something that the statement does not have yet.
    LogPosition cause = changes_[rng_.Below(changes_.size())];
    for (int i = 0; i < 3 && cause.value < ends_[s] && !rng_.OneIn(IsLineage(cause) ? 2 : 8); ++i) {
      ChangeSomething();
      cause = changes_.back();
    }
    const std::uint64_t begin = s == 0 ? 0 : ends_[s - 1];
    const auto mode = static_cast<AdjustmentMode>(rng_.Below(3));
    const std::uint64_t now = ledger_.tree_size().value;
    const auto preview = PreviewAdjustment(
        *ledger_.Reader(), {IdOf(statements_[s]), IdOf(cause), mode, "because"}, options_);
    const bool is_known =
        Exists(AdjustmentRecord{.statement = IdOf(statements_[s]), .cause = IdOf(cause)});
    const RecordBody& body = ledger_.at(cause).record.body;
    const bool is_frozen =
        mode == AdjustmentMode::kProspective && (std::holds_alternative<ReversalRecord>(body) ||
                                                 std::holds_alternative<HoldReleaseRecord>(body));
    if (is_frozen || is_known || (cause.value < ends_[s] && !IsLineage(cause))) {
      const char* field = is_frozen ? "mode" : "cause";
      if (preview.ok() || FieldOf(preview.status()) != field) Problem("adjusted what is counted");
      return;
    }
    std::vector<ReferenceCause>& causes = causes_[s];
    const auto& policy = std::get<StatementRecord>(ledger_.at(statements_[s]).record.body).policy;
    const ReferenceValuation before = slow_.Value(begin, ends_[s], policy, causes);
    causes.push_back({cause.value, now});
    const ReferenceValuation after = slow_.Value(begin, ends_[s], policy, causes);
    causes.pop_back();
    if (!after.refused.empty()) {
      // Reversed there too, or nothing could be adjusted for later causes.
      if (preview.ok()) Problem("adjusted to a sale that does not fit");
      return;
    }
    if (!preview.ok()) {
      ++seen_->unconcerned;
      const std::string message(preview.status().message());
      if (message.find("concerns no sale") == std::string::npos &&
          !(IsLineage(cause) && message.find("counts already") != std::string::npos)) {
        Problem("adjust: " + message);
      }
      if (before.earned != after.earned) Problem("unconcerned, though figures change");
      return;
    }
    ++seen_->adjustments;
    if (cause.value < ends_[s]) ++seen_->before_close;
    std::map<Key, BigInt> differences;
    std::map<Key, std::pair<BigInt, BigInt>> found;
    for (const AdjustmentLine& line : preview->adjustment.lines) {
      const Key key{line.currency, line.payee};
      if (line.old_grains != 0) found[key].first = ToBigInt(line.old_grains);
      if (line.new_grains != 0) found[key].second = ToBigInt(line.new_grains);
      differences[key] = ToBigInt(line.increase()) - ToBigInt(line.decrease());
    }
    std::map<Key, std::pair<BigInt, BigInt>> wanted;
    for (const auto& [key, grains] : before.earned) wanted[key].first = grains;
    for (const auto& [key, grains] : after.earned) wanted[key].second = grains;
    if (found != wanted) Problem("lines of an adjustment");
    if (!rng_.OneIn(4)) Post(*preview, s, {cause.value, now}, std::move(differences));
  }

  bool IsLineage(LogPosition position) const {
    const RecordBody& body = ledger_.at(position).record.body;
    return std::holds_alternative<DerivationRecord>(body) ||
           std::holds_alternative<HoldersRecord>(body) || std::holds_alternative<AssetRecord>(body);
  }

  void Post(const AdjustmentPreview& preview, std::size_t statement, const ReferenceCause& cause,
            std::map<Key, BigInt> differences) {
    Record record;
    record.ledger = "test.example/ledger";
    record.body = preview.record;
    if (const absl::Status valid = Validate(record); !valid.ok()) {
      Problem(std::string(valid.message()));
    }
    const LogPosition position = ledger_.Append(preview.record, preview.lines);
    if (preview.record.mode == AdjustmentMode::kProspective) return;
    causes_[statement].push_back(cause);
    posted_[position.value] = std::move(differences);
  }

  // Every statement comes out again as it was, whatever came after, and single sales explain
  // themselves.
  void Recompute() {
    const auto reader = ledger_.Reader();
    for (std::size_t s = 0; s < statements_.size(); ++s) {
      const auto again = RecomputeStatement(*reader, ledger_.at(statements_[s]), options_);
      if (!again.ok() || again->lines != lines_[s]) return void(Problem("recomputed otherwise"));
    }
    if (sales_.empty()) return;
    const LogPosition sale = sales_[rng_.Below(sales_.size())];
    const auto explained = ExplainSale(*reader, ledger_.at(sale));
    if (!explained.ok()) {
      // Only for a policy that it does not fit.
      if (!absl::IsInvalidArgument(explained.status())) Problem("explain");
      return;
    }
    ++seen_->explained;
    if (!explained->value) return;
    const SaleSplit& split = explained->value->split;
    Grains sum = 0;
    for (const SaleLine& line : split.lines) sum += line.grains;
    if (sum != split.gross) Problem("explained grains");
    // What its statement counted may have been corrected since.
    const unsigned bits = explained->state.currency == "EUR" ? 64 : 3;
    const bool is_open = !explained->statement.has_value();
    if (is_open && sum != explained->state.amount.value << bits) Problem("explained amount");
  }

  bool Problem(std::string text) {
    if (problem_.empty()) problem_ = std::move(text);
    return false;
  }

  Rng& rng_;
  SeenInLedgers* seen_;
  MemorySettlementLedger ledger_;
  ReferenceLedger slow_;
  CloseOptions options_;
  std::vector<Digest> assets_;
  std::vector<std::uint64_t> ranks_;  // by place in assets_
  std::vector<Digest> policies_;
  std::vector<LogPosition> sales_;
  std::vector<std::size_t> sold_;  // places in assets_
  std::vector<LogPosition> derivations_;
  std::vector<Digest> holds_;
  std::vector<LogPosition> changes_;  // what may be the cause of an adjustment
  std::vector<LogPosition> statements_;
  std::vector<std::uint64_t> ends_;
  std::vector<std::vector<std::string>> lines_;
  std::map<std::size_t, std::vector<ReferenceCause>> causes_;  // by statement
  std::map<std::uint64_t, std::map<Key, BigInt>> posted_;      // by position of the adjustment
  std::map<Key, BigInt> carried_;
  std::string problem_;
};

TEST_CASE("ledger histories: the code and a slow reading agree grain for grain",
          "[settlement][property]") {
  Rng rng = SeededRng();
  SeenInLedgers seen;
  const std::size_t count = Scaled<std::size_t>(100'000);
  for (std::size_t trial = 0; trial < count; ++trial) {
    Rng own(rng());
    const std::string problem = LedgerHistory(own, &seen).Run();
    if (!problem.empty()) {
      FAIL("history " << trial << " of seed " << rng.seed() << " (" << own.seed()
                      << "): " << problem);
    }
  }
  std::cout << "histories: " << count
            << " statements, sales, shared, several passes: " << seen.statements << " "
            << seen.sales << " " << seen.shared << " " << seen.several
            << "; adjustments, unconcerned, refused, debts, held, explained: " << seen.adjustments
            << " " << seen.unconcerned << " " << seen.refused << " " << seen.debts << " "
            << seen.held << " " << seen.explained
            << "; for lineage before a close, late holds: " << seen.before_close << " "
            << seen.late_holds << "\n";
  CHECK(seen.statements > count);
  CHECK(seen.shared > count / 10);
  CHECK(seen.several > count / 10);
  CHECK(seen.adjustments > count / 10);
  CHECK(seen.unconcerned > count / 20);
  CHECK(seen.refused > count / 100);
  CHECK(seen.debts > count / 100);
  CHECK(seen.held > count / 10);
  CHECK(seen.explained > count / 2);
  CHECK(seen.before_close > count / 100);
  CHECK(seen.late_holds > count / 100);
}

}  // namespace
}  // namespace tributary::test
