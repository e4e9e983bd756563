// Short words for adjustments of a ledger's statements.

#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "graph/settlement/adjust.h"
#include "tests/graph/settlement/ledger_story.h"

namespace tributary::test {

inline constexpr Grains kCent = Grains{1} << 64;

struct Adjusting : LedgerStory {
  absl::StatusOr<AdjustmentPreview> Preview(const Digest& cause, std::uint64_t statement = 1,
                                            AdjustmentMode mode = AdjustmentMode::kCarriedForward) {
    const auto found = FindStatement(*Reader(), statement).value().value();
    return PreviewAdjustment(*Reader(), {found.id, cause, mode, "wrong"}, options);
  }
  // Posts it and closes what follows.
  Cents Post(const AdjustmentPreview& preview) {
    Append(preview.record, preview.lines);
    return PaidBy(Close(options).value());
  }
  CloseOptions options;
};

// Differences in whole cents, halves away from zero, by payee.
inline std::map<std::string, long> Differences(const AdjustmentPreview& preview) {
  std::map<std::string, long> cents;
  for (const AdjustmentLine& line : preview.adjustment.lines) {
    const Grains size = std::max(line.increase(), line.decrease()) + kCent / 2;
    const auto units = static_cast<long>(size / kCent);
    cents[line.payee] = line.increase() > 0 ? units : -units;
  }
  return cents;
}

inline std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

}  // namespace tributary::test
