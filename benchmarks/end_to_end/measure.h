// Timing and printing for end-to-end benchmarks.

#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::bench {

// Ends the program unless the condition holds: a wrong answer has no speed.
void Require(bool condition, std::string_view what);

double SecondsOf(const std::function<void()>& work);

struct Latencies {
  std::vector<double> ms;  // of each call
  double seconds = 0;      // of all
  double Percentile(unsigned percent) const;
  double PerSecond() const;
};

// Calls `call` `count` times in a row / from `threads` threads at once.
Latencies MeasureCalls(std::size_t count, const std::function<void()>& call);
Latencies MeasureParallel(std::size_t threads, std::size_t count_each,
                          const std::function<void()>& call);

// "name  value unit   ceiling value unit   ratio"
void PrintAgainst(std::string_view name, double value, std::string_view ceiling_name,
                  double ceiling, std::string_view unit);
void PrintLatency(std::string_view name, const Latencies& latencies);

}  // namespace tributary::bench
