#include "storage/commit_clock.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

TimeMs SystemNow() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  return TimeMs{static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0))};
}

// Not steady_clock, which stands still during a suspend: the time of day does not.
std::chrono::milliseconds SinceBoot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

std::uint64_t Distance(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

absl::Status Jumped(TimeMs found, TimeMs expected, std::uint64_t jump_ms_max) {
  return FieldError(absl::StatusCode::kFailedPrecondition, "clock", FormatTime(found),
                    StrCat("a time within clock_jump_ms_max = ", jump_ms_max, " ms of ",
                           FormatTime(expected), "; nothing is recorded until the clock is right"));
}

}  // namespace

CommitClock::CommitClock(ClockSources sources, std::uint64_t jump_ms_max)
    : sources_(std::move(sources)), jump_ms_max_(jump_ms_max) {
  if (sources_.now) return;
  sources_.now = SystemNow;
  if (!sources_.since_boot) sources_.since_boot = SinceBoot;
}

absl::Status CommitClock::CheckAgainstPrevious(TimeMs wall,
                                               std::chrono::milliseconds since_boot) const {
  if (!previous_.has_value()) return absl::OkStatus();
  const auto passed = (since_boot - previous_->since_boot).count();
  const TimeMs expected{previous_->wall.value + static_cast<std::uint64_t>(passed)};
  if (Distance(wall.value, expected.value) <= jump_ms_max_) return absl::OkStatus();
  return Jumped(wall, expected, jump_ms_max_);
}

absl::StatusOr<TimeMs> CommitClock::Stamp(TimeMs last) {
  const TimeMs wall = sources_.now();
  if (wall.value > kTimeMsMax) return Jumped(TimeMs{kTimeMsMax}, last, jump_ms_max_);
  if (wall.value + jump_ms_max_ < last.value) return Jumped(wall, last, jump_ms_max_);
  if (sources_.since_boot) {
    const std::chrono::milliseconds since_boot = sources_.since_boot();
    TRIBUTARY_RETURN_IF_ERROR(CheckAgainstPrevious(wall, since_boot));
    // Only now: a wrong time kept here would refuse the right one.
    previous_ = Reading{wall, since_boot};
  }
  return std::max(wall, last);
}

}  // namespace tributary
