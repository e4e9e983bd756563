// Stops calls whose time is up, whether or not their client set a deadline.

#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace tributary::server {

// One thread that runs short functions at their time. Must outlive its registrations.
class DeadlineTimer {
 public:
  using Clock = std::chrono::steady_clock;

  DeadlineTimer();
  ~DeadlineTimer();
  DeadlineTimer(const DeadlineTimer&) = delete;
  DeadlineTimer& operator=(const DeadlineTimer&) = delete;

 private:
  using Entries = std::multimap<Clock::time_point, std::function<void()>>;

 public:
  // Runs `expire` at `deadline`, once, on the timer's thread, unless the registration ends before.
  // It must be short and must not use the timer.
  class Registration {
   public:
    Registration(DeadlineTimer& timer, Clock::time_point deadline, std::function<void()> expire);
    // Waits while its own `expire` is running.
    ~Registration();
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

   private:
    DeadlineTimer& timer_;
    Entries::iterator entry_;
  };

 private:
  void Run();

  std::mutex mutex_;  // held while a function runs
  std::condition_variable changed_;
  Entries entries_;  // those that ran stay, with an empty function, until their registration ends
  Clock::time_point wake_at_ = Clock::time_point::max();
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tributary::server
