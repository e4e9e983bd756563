// Tells the reader of a stream how far a long call is.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "server/stream.h"

namespace tributary::server {

// Passes progress on, but not more often than a person can read it. `Response` has phase, done and
// total. One thread at a time; `responses` outlives it.
template <typename Response>
class ProgressWriter {
 public:
  explicit ProgressWriter(Sink<Response>& responses) : responses_(responses) {}

  void Report(std::string_view phase, std::uint64_t done, std::uint64_t total) {
    constexpr std::chrono::milliseconds kInterval{250};
    const auto now = std::chrono::steady_clock::now();
    if (phase == phase_ && now < next_) return;
    phase_ = phase;
    next_ = now + kInterval;
    Response message;
    message.set_phase(phase_);
    message.set_done(done);
    message.set_total(total);
    // A client that left is noticed by the call's token.
    responses_.Write(std::move(message)).IgnoreError();
  }

 private:
  Sink<Response>& responses_;
  std::string phase_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace tributary::server
