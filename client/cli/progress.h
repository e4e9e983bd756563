// A progress line on standard error, drawn on a terminal only.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tributary::cli {

// One thread at a time. Draws at most ten times a second; erases its line at the end.
class Progress {
 public:
  // `total` 0: not known.
  Progress(std::string_view what, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(std::uint64_t done);
  void Restart(std::string_view what, std::uint64_t total);

 private:
  using Clock = std::chrono::steady_clock;
  void Draw(std::uint64_t done, Clock::time_point now);

  bool shown_;
  std::string what_;
  std::uint64_t total_;
  Clock::time_point start_;
  Clock::time_point next_draw_;
};

}  // namespace tributary::cli
