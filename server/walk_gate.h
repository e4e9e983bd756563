// Lets so many walks run at once and no more: each may hold walk_memory_size_max.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/cancel.h"

namespace tributary::server {

// Any thread may call.
class WalkGate {
 public:
  // The right to walk, until it goes. It does not outlive the gate.
  class Permit {
   public:
    explicit Permit(WalkGate* gate) : gate_(gate) {}
    Permit(Permit&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (gate_ != nullptr) gate_->Leave();
    }

   private:
    WalkGate* gate_;
  };

  // Waits while `count_max` are inside. Errors: the token's, when the caller has gone or its time
  // is up: a walk waits for nothing but other walks, which end.
  absl::StatusOr<Permit> Enter(std::uint64_t count_max, const CancelToken& cancel) {
    // A token can not wake who waits for it, so it is looked at this often.
    constexpr std::chrono::milliseconds kLookAgain{10};
    std::unique_lock lock(mutex_);
    while (count_ >= count_max) {
      if (absl::Status status = cancel.status(); !status.ok()) return status;
      left_.wait_for(lock, kLookAgain);
    }
    ++count_;
    return Permit(this);
  }

 private:
  void Leave() {
    {
      const std::lock_guard lock(mutex_);
      --count_;
    }
    left_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable left_;
  std::uint64_t count_ = 0;
};

}  // namespace tributary::server
