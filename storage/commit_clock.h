// The clock that stamps records: never decreasing, and guarded against jumps.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "graph/model/record.h"

namespace tributary {

// One thread.
class CommitClock {
 public:
  // `now` absent: the system clock.
  CommitClock(std::function<TimeMs()> now, std::uint64_t jump_ms_max)
      : now_(std::move(now)), jump_ms_max_(jump_ms_max) {}

  // The time to stamp, not before `last`. Errors: kFailedPrecondition when this clock and the
  // steady one disagree by more than the limit since the last stamp, or when it stands further
  // before `last` than the limit: nothing is recorded until it is right again.
  absl::StatusOr<TimeMs> Stamp(TimeMs last);

 private:
  struct Reading {
    TimeMs wall;
    std::chrono::steady_clock::time_point steady;
  };
  std::function<TimeMs()> now_;
  std::uint64_t jump_ms_max_;
  std::optional<Reading> previous_;
};

}  // namespace tributary
