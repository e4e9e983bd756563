// What a later record changes in a closed statement, which itself never changes.

#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/record.h"
#include "graph/settlement/statement.h"

namespace tributary {

// What payees earned in a statement's sales: grains by currency and payee key.
using EarnedGrains = std::map<std::pair<std::string, std::string>, Grains>;

struct AdjustmentLine {
  std::string payee;
  std::string currency;
  Grains old_grains = 0;  // earned by the statement and the adjustments of it before this
  Grains new_grains = 0;  // as valued now
  Grains increase() const { return new_grains > old_grains ? new_grains - old_grains : 0; }
  Grains decrease() const { return old_grains > new_grains ? old_grains - new_grains : 0; }
  friend bool operator==(const AdjustmentLine&, const AdjustmentLine&) = default;
};

// Canonical bytes, the leaf data under an adjustment's lines_root: docs/formats/statements.md.
std::string EncodeAdjustmentLine(const AdjustmentLine& line);
absl::StatusOr<AdjustmentLine> DecodeAdjustmentLine(std::string_view bytes);

struct Adjustment {
  std::vector<AdjustmentLine> lines;  // ascending currency, then payee; none of two zeros
  std::vector<AdjustmentTotal> totals;
  Digest lines_root;
};

// Old, new and difference of every payee that has either.
// Errors: kOutOfRange, 2^127 grains or more of one currency, old or new.
absl::StatusOr<Adjustment> CompareEarned(const EarnedGrains& old_earned,
                                         const EarnedGrains& new_earned);

// Parties on hold, and the record id of the hold on each.
using HeldParties = std::map<std::string, Digest, std::less<>>;

// What was earned once a hold is rerouted: its grains, per currency, go to `recipients` by units
// (the cumulative rule of SEMANTICS 3, in byte order of party id), added to what they have; those
// of a recipient in `held` go to the line of the hold on it.
// Released without a new route, a hold's sales are valued anew without it instead.
// Errors: kInvalidArgument, recipients whose units add up to 0 or reach 2^63.
absl::StatusOr<EarnedGrains> RerouteEarned(EarnedGrains earned, const Digest& hold_id,
                                           std::span<const Holder> recipients,
                                           const HeldParties& held = {});

// Posts the differences to the statement in which they take effect:
//   kProspective     none: only sales that are valued later see the change
//   kCarriedForward  all, into the next statement
//   kReversal        all, into one that is closed for this alone, with the balances as openings
// A decrease beyond what a party has becomes its debt, which later earnings pay first.
// Errors: as StatementBuilder::AddAdjustment.
absl::Status PostAdjustment(const Adjustment& adjustment, AdjustmentMode mode,
                            StatementBuilder* statement);

}  // namespace tributary
