#include "storage/commit_clock.h"

#include <algorithm>

#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

TimeMs SystemNow() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  return TimeMs{static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0))};
}

std::uint64_t Distance(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

absl::Status Jumped(TimeMs found, TimeMs expected, std::uint64_t jump_ms_max) {
  return FieldError(absl::StatusCode::kFailedPrecondition, "clock", FormatTime(found),
                    StrCat("a time within clock_jump_ms_max = ", jump_ms_max, " ms of ",
                           FormatTime(expected), "; nothing is recorded until the clock is right"));
}

}  // namespace

absl::StatusOr<TimeMs> CommitClock::Stamp(TimeMs last) {
  const TimeMs wall = now_ ? now_() : SystemNow();
  if (wall.value > kTimeMsMax) return Jumped(TimeMs{kTimeMsMax}, last, jump_ms_max_);
  // A replaced clock is a test's: it need not agree with the steady one.
  if (!now_) {
    const auto steady = std::chrono::steady_clock::now();
    if (previous_.has_value()) {
      const auto passed =
          std::chrono::duration_cast<std::chrono::milliseconds>(steady - previous_->steady).count();
      const TimeMs expected{previous_->wall.value + static_cast<std::uint64_t>(passed)};
      if (Distance(wall.value, expected.value) > jump_ms_max_) {
        return Jumped(wall, expected, jump_ms_max_);
      }
    }
    previous_ = Reading{wall, steady};
  }
  if (wall.value + jump_ms_max_ < last.value) return Jumped(wall, last, jump_ms_max_);
  return std::max(wall, last);
}

}  // namespace tributary
