// What waits for a ruling, and what adjustments changed of one sale.

#include "graph/settlement/pending_causes.h"

#include <set>

#include "graph/settlement/adjust.h"
#include "graph/settlement/sale_adjustments.h"
#include "tests/graph/settlement/assignment_routes.h"
#include "tests/graph/settlement/ledger_story.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

using Positions = std::set<std::uint64_t>;

Positions Pending(const LedgerStory& ledger, std::uint64_t number,
                  const CloseOptions& options = {}) {
  const auto reader = ledger.Reader();
  const LoggedRecord statement = FindStatement(*reader, number).value().value();
  const auto causes = PendingCauses(*reader, statement, options);
  REQUIRE(causes.ok());
  Positions positions;
  for (const LoggedRecord& cause : *causes) positions.insert(cause.position.value);
  CHECK(positions.size() == causes->size());
  return positions;
}

LogPosition Adjust(LedgerStory& ledger, std::uint64_t number, LogPosition cause,
                   AdjustmentMode mode = AdjustmentMode::kCarriedForward) {
  const auto reader = ledger.Reader();
  const Digest statement = FindStatement(*reader, number).value().value().id;
  const auto preview =
      PreviewAdjustment(*reader, {.statement = statement, .cause = ledger.id(cause), .mode = mode});
  REQUIRE(preview.ok());
  return ledger.Append(preview->record, preview->lines);
}

std::vector<SaleAdjustment> AdjustmentsOf(const LedgerStory& ledger, std::uint64_t number,
                                          LogPosition sale) {
  const auto reader = ledger.Reader();
  const LoggedRecord statement = FindStatement(*reader, number).value().value();
  auto adjustments = AdjustmentsOfSale(*reader, statement, ledger.at(sale));
  REQUIRE(adjustments.ok());
  return *std::move(adjustments);
}

TEST_CASE("pending causes: each kind is listed until it is adjusted or ruled on", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kWork, "ben");
  ledger.Asset(2, AssetKind::kOutput, "cleo");
  ledger.Asset(3, AssetKind::kWork, "eve");  // upstream of nothing that is sold
  ledger.Make(2, 1, {{0, 1}});
  const LogPosition hold = ledger.Append(HoldRecord{.reference = "h", .party = "cleo"});
  const LogPosition sale = ledger.Sell(2, 100);
  const LogPosition other = ledger.Sell(2, 50);
  REQUIRE(ledger.Close().ok());
  CHECK(Pending(ledger, 1).empty());

  ledger.Hold(3, {{"dan", 1}});
  const LogPosition sold = ledger.Hold(1, {{"dan", 1}});
  CHECK(Pending(ledger, 1).empty());
  const LogPosition made = ledger.Make(2, 1, {{1, 1}});
  const LogPosition holders = ledger.Hold(0, {{"dan", 1}});
  const LogPosition reversal = ledger.Append(ReversalRecord{.sale = ledger.id(sale)});
  CorrectionRecord correction;
  correction.sale = ledger.id(other);
  correction.amount = MinorUnits{60};
  const LogPosition corrected = ledger.Append(correction);
  const LogPosition release = ledger.Append(HoldReleaseRecord{.hold = ledger.id(hold)});
  CHECK(Pending(ledger, 1) ==
        Positions{made.value, holders.value, reversal.value, corrected.value, release.value});
  // A later record of the same asset or sale takes the place of the earlier.
  const LogPosition again = ledger.Make(2, 2, {{1, 1}});
  correction.amount = MinorUnits{70};
  const LogPosition corrected_again = ledger.Append(correction);
  CHECK(Pending(ledger, 1) == Positions{again.value, holders.value, reversal.value,
                                        corrected_again.value, release.value});
  Adjust(ledger, 1, reversal);
  Adjust(ledger, 1, holders, AdjustmentMode::kProspective);
  CHECK(Pending(ledger, 1) == Positions{again.value, corrected_again.value, release.value});
  // Ben's work is upstream now, as it was where the sale is valued: what changed since is a cause.
  Adjust(ledger, 1, again);
  CHECK(Pending(ledger, 1) == Positions{sold.value, corrected_again.value, release.value});
  const LogPosition resold = ledger.Hold(1, {{"ben", 1}});
  CHECK(Pending(ledger, 1) == Positions{corrected_again.value, release.value, resold.value});
  // What the ledger did not have yet is read where it came in.
  ledger.Asset(4, AssetKind::kWork, "fay");
  ledger.Hold(4, {{"gus", 1}});
  const LogPosition with_new = ledger.Make(2, 2, {{4, 1}});
  Adjust(ledger, 1, with_new);
  CHECK(Pending(ledger, 1) == Positions{corrected_again.value, release.value});
  const LogPosition of_new = ledger.Hold(4, {{"hal", 1}});
  CHECK(Pending(ledger, 1) == Positions{corrected_again.value, release.value, of_new.value});
  // Its own sale was reversed: nothing comes after that.
  ledger.Append(ReversalRecord{.sale = ledger.id(other)});
  CHECK_FALSE(Pending(ledger, 1).contains(corrected_again.value));
}

TEST_CASE("pending causes: an assignment that moves what was earned", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Sell(0, 100);
  CloseOptions options;
  options.routes = ReadAssignments;
  REQUIRE(ledger.Close(options).ok());
  const LogPosition ours =
      ledger.Append(AssignmentRecord{.party = "ana", .assignee = "ben", .begin = 1});
  ledger.Append(AssignmentRecord{.party = "zoe", .assignee = "ben", .begin = 1});
  ledger.Append(
      AssignmentRecord{.party = "ana", .assignee = "cleo", .begin = ledger.tree_size().value + 1});
  CHECK(Pending(ledger, 1, options) == Positions{ours.value});
}

// Property: what is listed is what an adjustment takes.
TEST_CASE("pending causes: what an adjustment would take, and nothing else",
          "[settlement][property]") {
  Rng rng = SeededRng();
  std::size_t listed_count = 0;
  std::size_t passed_over_count = 0;
  for (int trial = 0; trial < 150; ++trial) {
    LedgerStory ledger;
    constexpr std::uint64_t kAssetCount = 8;
    std::uint8_t known = 0;
    std::vector<LogPosition> sales;
    std::vector<LogPosition> changes;
    const auto party = [&] { return std::string(1, static_cast<char>('a' + rng.Below(4))); };
    const auto step = [&] {
      const std::uint64_t kind = rng.Below(10);
      if (known < 3 || (kind == 0 && known < kAssetCount)) {
        const bool is_work = rng.OneIn(2);
        ledger.Asset(known, is_work ? AssetKind::kWork : AssetKind::kOutput, party());
        ++known;
        return;
      }
      // Of higher numbers are made those of lower ones only, so that no way closes.
      const auto asset = static_cast<std::uint8_t>(rng.Below(known));
      if (kind <= 3) {
        std::vector<std::pair<std::uint8_t, std::uint64_t>> inputs;
        for (std::uint8_t input = 0; input < asset; ++input) {
          if (rng.OneIn(2)) inputs.emplace_back(input, 1 + rng.Below(5));
        }
        changes.push_back(ledger.Make(asset, 1 + rng.Below(3), inputs));
      } else if (kind == 4) {
        changes.push_back(ledger.Hold(asset, {{party(), 1}}));
      } else if (kind == 5 && !sales.empty()) {
        const ReversalRecord reversal{.sale = ledger.id(sales[rng.Below(sales.size())])};
        if (!ledger.Reader()->FindInForce(reversal).value().has_value()) {
          changes.push_back(ledger.Append(reversal));
        }
      } else {
        SaleRecord more;
        if (rng.OneIn(4)) {
          more.tree_size = ledger.tree_size().value - rng.Below(4);
        }
        if (!ledger.Reader(TreeSize{more.tree_size.value_or(ledger.tree_size().value)})
                 ->FindAsset(TestId(asset))
                 .value()
                 .has_value()) {
          return;
        }
        sales.push_back(ledger.Sell(asset, 1 + rng.Below(1'000), more));
      }
    };
    for (int i = 0; i < 25; ++i) step();
    REQUIRE(ledger.Close().ok());
    for (int i = 0; i < 15; ++i) step();
    for (int ruling = 0; ruling < 4; ++ruling) {
      CAPTURE(rng.seed(), trial, ruling);
      const Positions pending = Pending(ledger, 1);
      const auto reader = ledger.Reader();
      const Digest statement = FindStatement(*reader, 1).value().value().id;
      for (const LogPosition change : changes) {
        const auto in_force = reader->FindInForce(ledger.at(change).record.body).value();
        if (in_force->position != change) {
          CHECK_FALSE(pending.contains(change.value));
          continue;
        }
        const auto preview =
            PreviewAdjustment(*reader, {.statement = statement, .cause = ledger.id(change)});
        CAPTURE(change.value, preview.status().ToString());
        CHECK(pending.contains(change.value) == preview.ok());
        listed_count += preview.ok() ? 1 : 0;
        passed_over_count += preview.ok() ? 0 : 1;
      }
      if (pending.empty()) break;
      auto chosen = pending.begin();
      std::advance(chosen, rng.Below(pending.size()));
      Adjust(ledger, 1, {*chosen}, AdjustmentMode::kCarriedForward);
    }
  }
  CHECK(listed_count > 300);
  CHECK(passed_over_count > 300);
}

TEST_CASE("sale adjustments: what concerned a sale, and what it changed for whom", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kWork, "ben");
  ledger.Asset(2, AssetKind::kOutput, "cleo");
  ledger.Make(2, 1, {{0, 1}});
  const LogPosition sale = ledger.Sell(2, 100);
  const LogPosition of_work = ledger.Sell(1, 10);
  REQUIRE(ledger.Close().ok());
  CHECK(AdjustmentsOf(ledger, 1, sale).empty());
  const LogPosition made = Adjust(ledger, 1, ledger.Make(2, 1, {{1, 1}}));
  const LogPosition ruled =
      Adjust(ledger, 1, ledger.Hold(2, {{"dan", 1}}), AdjustmentMode::kProspective);
  const LogPosition other =
      Adjust(ledger, 1, ledger.Append(ReversalRecord{.sale = ledger.id(of_work)}));
  const LogPosition reversed =
      Adjust(ledger, 1, ledger.Append(ReversalRecord{.sale = ledger.id(sale)}));
  const auto found = AdjustmentsOf(ledger, 1, sale);
  REQUIRE(found.size() == 3);
  const Grains half = Grains{50} << 64;
  CHECK(found[0].adjustment.position == made);
  REQUIRE(found[0].lines.size() == 2);
  CHECK(found[0].lines[0] == AdjustmentLine{"party:ana", "EUR", half, 0});
  CHECK(found[0].lines[1] == AdjustmentLine{"party:ben", "EUR", 0, half});
  CHECK(found[1].adjustment.position == ruled);
  CHECK(found[1].lines.empty());
  CHECK(found[2].adjustment.position == reversed);
  REQUIRE(found[2].lines.size() == 2);
  CHECK(found[2].lines[0] == AdjustmentLine{"party:ben", "EUR", half, 0});
  CHECK(found[2].lines[1] == AdjustmentLine{"party:cleo", "EUR", half, 0});
  const auto of_other = AdjustmentsOf(ledger, 1, of_work);
  REQUIRE(of_other.size() == 1);
  CHECK(of_other[0].adjustment.position == other);
}

}  // namespace
}  // namespace tributary::test
