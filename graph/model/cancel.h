// Lets a long walk stop within milliseconds when its caller has gone or its time is up.

#pragma once

#include <atomic>
#include <functional>
#include <utility>

#include "absl/status/status.h"

namespace tributary {

// Shared between the thread that works and the one that cancels. The first reason wins. A deadline
// is the canceller's business: the pure core has no clock.
class CancelToken {
 public:
  CancelToken() = default;
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;

  void Cancel(absl::StatusCode code = absl::StatusCode::kCancelled) {
    int none = 0;
    code_.compare_exchange_strong(none, static_cast<int>(code));
  }
  bool cancelled() const { return code_.load(std::memory_order_relaxed) != 0; }

  absl::Status status() const {
    const int code = code_.load();
    if (code == 0) return absl::OkStatus();
    return absl::Status(static_cast<absl::StatusCode>(code),
                        "the request was stopped by its caller or deadline");
  }

 private:
  std::atomic<int> code_{0};
};

// OK, or the token's reason. A walk without a token is never cancelled.
inline absl::Status CheckCancelled(const CancelToken* cancel) {
  return cancel != nullptr && cancel->cancelled() ? cancel->status() : absl::OkStatus();
}

// Walks look at their token once per this many edges: at 20 ns an edge that is 20 microseconds.
inline constexpr std::size_t kCancelCheckInterval = 1024;

}  // namespace tributary
