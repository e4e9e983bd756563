#include "server/rpc/deadline_timer.h"

#include <algorithm>
#include <utility>

#include "graph/model/check.h"

namespace tributary::server {

DeadlineTimer::DeadlineTimer() : thread_([this] { Run(); }) {}

DeadlineTimer::~DeadlineTimer() {
  {
    const std::lock_guard lock(mutex_);
    TRIBUTARY_CHECK(entries_.empty());
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

DeadlineTimer::Registration::Registration(DeadlineTimer& timer, Clock::time_point deadline,
                                          std::function<void()> expire)
    : timer_(timer) {
  bool wake = false;
  {
    const std::lock_guard lock(timer_.mutex_);
    entry_ = timer_.entries_.emplace(deadline, std::move(expire));
    // The thread looks again at wake_at_ by itself. Calls that begin and end before then cost it
    // nothing.
    wake = deadline < timer_.wake_at_;
    if (wake) timer_.wake_at_ = deadline;
  }
  if (wake) timer_.changed_.notify_one();
}

DeadlineTimer::Registration::~Registration() {
  const std::lock_guard lock(timer_.mutex_);
  timer_.entries_.erase(entry_);
}

void DeadlineTimer::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const Clock::time_point now = Clock::now();
    const auto due_end = entries_.upper_bound(now);
    for (auto entry = entries_.begin(); entry != due_end; ++entry) {
      if (const auto expire = std::exchange(entry->second, nullptr)) expire();
    }
    wake_at_ = due_end == entries_.end() ? Clock::time_point::max() : due_end->first;
    if (wake_at_ == Clock::time_point::max()) {
      changed_.wait(lock);
    } else {
      // A copy: the wait reads its bound outside the lock.
      const Clock::time_point until = wake_at_;
      changed_.wait_until(lock, until);
    }
  }
}

}  // namespace tributary::server
