// The two halves of a stream between gRPC's threads and a handler, without gRPC.

#include "server/rpc/read_queue.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>

#include "server/rpc/deadline_timer.h"
#include "server/rpc/worker_pool.h"
#include "server/rpc/write_slot.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

using server::DeadlineTimer;
using server::ReadQueue;
using server::WorkerPool;
using server::WriteSlot;

TEST_CASE("read queue: reads ahead up to its capacity and no further", "[server][rpc]") {
  int started = 0;
  int* slot = nullptr;
  ReadQueue<int> queue(2, [&](int* message) {
    ++started;
    slot = message;
  });
  queue.Start();
  for (int i = 1; i <= 2; ++i) {
    *slot = i;
    queue.OnReadDone(true);
  }
  CHECK(started == 2);  // the queue is full: no third read
  int message = 0;
  REQUIRE(queue.Read(&message));
  CHECK(message == 1);
  CHECK(started == 3);
  *slot = 3;
  queue.OnReadDone(true);
  REQUIRE(queue.Read(&message));
  REQUIRE(queue.Read(&message));
  CHECK(message == 3);
  queue.OnReadDone(false);
  CHECK_FALSE(queue.Read(&message));
}

TEST_CASE("read queue: a stop wakes a reader and drops what waits", "[server][rpc]") {
  ReadQueue<int> queue(2, [](int*) {});
  queue.Start();
  queue.OnReadDone(true);
  queue.Stop();
  int message = 0;
  CHECK_FALSE(queue.Read(&message));
  ReadQueue<int> waiting(1, [](int*) {});
  std::thread reader([&waiting] {
    int unused = 0;
    CHECK_FALSE(waiting.Read(&unused));
  });
  waiting.Stop();
  reader.join();
}

TEST_CASE("write slot: one message at a time, and a cancel ends the wait", "[server][rpc]") {
  CancelToken cancel;
  int started = 0;
  WriteSlot<int> slot(cancel, [&started](const int*) { ++started; });
  REQUIRE_OK(slot.Write(1));
  std::thread writer([&slot] { CHECK_STATUS(slot.Write(2), absl::StatusCode::kDeadlineExceeded); });
  cancel.Cancel(absl::StatusCode::kDeadlineExceeded);
  slot.Wake();
  writer.join();
  CHECK(started == 1);
  CHECK_FALSE(slot.DrainUnlessCancelled());
  slot.OnWriteDone(false);
  CHECK(slot.DrainUnlessCancelled());
}

TEST_CASE("worker pool: refuses what does not fit its queue and says which limit",
          "[server][rpc]") {
  std::mutex gate;
  gate.lock();
  std::atomic<int> done{0};
  {
    WorkerPool pool("test_queue_max", 1, 1);
    // One runs or is about to, one waits: the third does not fit.
    const auto work = [&] {
      const std::lock_guard lock(gate);
      ++done;
    };
    REQUIRE_OK(pool.Submit(work));
    REQUIRE_OK(pool.Submit(work));
    const absl::Status refused = pool.Submit(work);
    CHECK_STATUS(refused, absl::StatusCode::kResourceExhausted);
    CHECK(std::string(refused.message()).find("test_queue_max") != std::string::npos);
    gate.unlock();
  }
  CHECK(done == 2);  // the pool finished what it accepted
}

TEST_CASE("deadline timer: fires once at its time, not after its registration ended",
          "[server][rpc]") {
  DeadlineTimer timer;
  std::atomic<int> fired{0};
  {
    const DeadlineTimer::Registration early(timer, DeadlineTimer::Clock::now(),
                                            [&fired] { ++fired; });
    while (fired == 0) std::this_thread::yield();
  }
  {
    const DeadlineTimer::Registration late(
        timer, DeadlineTimer::Clock::now() + std::chrono::hours(1), [&fired] { ++fired; });
  }
  const DeadlineTimer::Registration next(timer, DeadlineTimer::Clock::now(),
                                         [&fired] { fired += 10; });
  while (fired < 11) std::this_thread::yield();
  CHECK(fired == 11);
}

}  // namespace
}  // namespace tributary::test
