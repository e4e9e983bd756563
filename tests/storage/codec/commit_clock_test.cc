#include "storage/commit_clock.h"

#include <optional>

#include "tests/support/catch.h"

namespace tributary {
namespace {

constexpr std::uint64_t kHourMs = 3'600'000;
constexpr std::uint64_t kStartMs = 1'700'000'000'000;
constexpr std::uint64_t kYearMs = 365 * 24 * kHourMs;

// Two clocks that a test moves, and the clock that compares them.
struct MovedClocks {
  absl::StatusOr<TimeMs> Stamp(std::uint64_t last = 0) { return clock.Stamp(TimeMs{last}); }
  void Pass(std::uint64_t ms) {
    wall += ms;
    since_boot += ms;
  }

  std::uint64_t wall = kStartMs;
  std::uint64_t since_boot = 5'000;
  CommitClock clock{{.now = [this] { return TimeMs{wall}; },
                     .since_boot = [this] { return std::chrono::milliseconds(since_boot); }},
                    kHourMs};
};

TEST_CASE("commit clock: however long nobody writes, the next stamp is given", "[storage]") {
  MovedClocks clocks;
  REQUIRE_OK(clocks.Stamp());
  clocks.Pass(30 * kYearMs);  // awake or suspended: both clocks go on
  CHECK(clocks.Stamp().value() == TimeMs{clocks.wall});
}

TEST_CASE("commit clock: a jump is refused, and no longer once it is undone", "[storage]") {
  const auto jump_ms = static_cast<std::int64_t>(
      GENERATE(std::uint64_t{kHourMs + 1}, kYearMs, std::uint64_t{0} - kHourMs - 1));
  MovedClocks clocks;
  REQUIRE_OK(clocks.Stamp());
  clocks.Pass(1'000);
  clocks.wall += static_cast<std::uint64_t>(jump_ms);
  for (int attempt = 0; attempt < 3; ++attempt) {
    CHECK_STATUS(clocks.Stamp(), absl::StatusCode::kFailedPrecondition);
    clocks.Pass(2 * kHourMs);
  }
  clocks.wall -= static_cast<std::uint64_t>(jump_ms);
  CHECK(clocks.Stamp(kStartMs).value() == TimeMs{clocks.wall});
}

TEST_CASE("commit clock: within the limit it may be set, and is followed", "[storage]") {
  MovedClocks clocks;
  for (int step = 0; step < 10; ++step) {
    REQUIRE(clocks.Stamp().value() == TimeMs{clocks.wall});
    clocks.wall += kHourMs;
  }
  // Never before the record before.
  CHECK(clocks.Stamp(clocks.wall + 10).value() == TimeMs{clocks.wall + 10});
}

// A machine without a battery starts in 1970: what was refused then must not be what the right
// time is compared with.
TEST_CASE("commit clock: a clock far behind the ledger is refused until it is set", "[storage]") {
  MovedClocks clocks;
  clocks.wall = 1'000;
  CHECK_STATUS(clocks.Stamp(kStartMs), absl::StatusCode::kFailedPrecondition);
  clocks.Pass(1'000);
  clocks.wall = kStartMs + kHourMs;
  CHECK(clocks.Stamp(kStartMs).value() == TimeMs{clocks.wall});
}

TEST_CASE("commit clock: the system's own clocks agree", "[storage]") {
  CommitClock clock({}, /*jump_ms_max=*/60'000);
  const auto first = clock.Stamp(TimeMs{0});
  REQUIRE_OK(first);
  const auto second = clock.Stamp(*first);
  REQUIRE_OK(second);
  CHECK(first->value >= kStartMs);
  CHECK(second->value >= first->value);
}

}  // namespace
}  // namespace tributary
