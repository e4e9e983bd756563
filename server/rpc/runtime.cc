#include "server/rpc/runtime.h"

#include <spdlog/spdlog.h>

#include <string>

namespace tributary::server {
namespace {

// A stream has a thread or is refused: one that waited for a thread could wait for an hour.
constexpr std::size_t kNoQueue = 0;

spdlog::level::level_enum LevelOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return spdlog::level::err;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
      return spdlog::level::warn;
    default:
      return spdlog::level::debug;
  }
}

}  // namespace

Runtime::Runtime(Ledgers& ledgers_in, const Limits& limits_in)
    : ledgers(ledgers_in),
      limits(limits_in),
      info(StartedNow()),
      readers("worker_queue_max", limits.worker_count, limits.worker_queue_max),
      writers("writer_queue_max", limits.writer_count, limits.writer_queue_max),
      streams("stream_call_max", limits.stream_call_max, kNoQueue) {}

void LogCall(std::string_view method, const absl::Status& status,
             std::chrono::steady_clock::duration elapsed) {
  const auto level = LevelOf(status);
  if (!spdlog::should_log(level)) return;
  const auto elapsed_us = std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
  // Of a refusal only its code: messages may quote what a client sent.
  const std::string text = level == spdlog::level::debug ? absl::StatusCodeToString(status.code())
                                                         : std::string(status.message());
  spdlog::log(level, "call method={} code={} elapsed_us={} message={}", method,
              static_cast<int>(status.code()), elapsed_us, text);
}

}  // namespace tributary::server
