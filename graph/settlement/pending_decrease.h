// What posted adjustments will take from parties when the next statement closes them.
//
// Until then the last statement still says that the party is paid. Who may be paid must know of it:
// the statement to come would only book a debt, which a party that earns no more never repays.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/model/cancel.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

// Parties with decreases that are open at a time: of 150 bytes, 1.2 GB. A statement has no more.
inline constexpr std::size_t kPendingDecreaseCountMax = 8'388'608;

struct PendingDecrease {
  std::string currency;
  std::string party;
  Grains grains = 0;  // above 0
};

struct PendingDecreases {
  LogPosition closed_end;                // where the last statement ends; 0: there is none
  std::vector<PendingDecrease> parties;  // ascending currency, then party
};

// The debt that each party would get if a statement were closed now without a sale: what all
// adjustments at or above the end of the last statement take from it, beyond what they give to it
// and what it carries. Prospective ones post nothing.
//
// `currency` empty: all. Only parties that `is_wanted` names, given the party and closed_end.
// Errors: kResourceExhausted, kPendingDecreaseCountMax; kOutOfRange, a sum of 2^127 or more;
//         kDataLoss, stored lines that are damaged; cancellation and the reader's own.
// Cost:   reads all lines of those adjustments, and the last statement's of who is decreased.
absl::StatusOr<PendingDecreases> ReadPendingDecreases(
    const SettlementReader& reader, std::string_view currency,
    absl::FunctionRef<bool(std::string_view party, LogPosition closed_end)> is_wanted,
    const CancelToken* cancel = nullptr);

}  // namespace tributary
