// The clock that stamps records: never decreasing, and guarded against jumps.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "graph/model/record.h"

namespace tributary {

// Two clocks that must agree on how much time passes.
struct ClockSources {
  // The time of day. Absent: the system clock.
  std::function<TimeMs()> now;
  // Time since some moment, which nobody sets and which goes on while the machine is suspended.
  // Absent: CLOCK_BOOTTIME; or no comparison where `now` is replaced, which is then a test's.
  std::function<std::chrono::milliseconds()> since_boot;
};

// One thread.
class CommitClock {
 public:
  CommitClock(ClockSources sources, std::uint64_t jump_ms_max);

  // The time to stamp, not before `last`.
  // Errors: kFailedPrecondition, the time of day stands further than the limit from where the last
  //         stamp given and the time passed since put it, or further than the limit before `last`.
  //
  // A refusal changes nothing: the last stamp given stays what is compared with. So refusals end
  // by themselves, at the first call where the clock is right again, and only there. A clock that
  // was wrong when the first stamp was given, and is then set right, is for a restart to accept.
  absl::StatusOr<TimeMs> Stamp(TimeMs last);

 private:
  struct Reading {
    TimeMs wall;
    std::chrono::milliseconds since_boot;
  };
  absl::Status CheckAgainstPrevious(TimeMs wall, std::chrono::milliseconds since_boot) const;

  ClockSources sources_;
  std::uint64_t jump_ms_max_;
  std::optional<Reading> previous_;  // of the last stamp given
};

}  // namespace tributary
