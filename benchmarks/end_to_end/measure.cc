#include "benchmarks/end_to_end/measure.h"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <thread>

namespace tributary::bench {

using Clock = std::chrono::steady_clock;

void Require(bool condition, std::string_view what) {
  if (condition) return;
  std::fprintf(stderr, "wrong answer: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

double SecondsOf(const std::function<void()>& work) {
  const auto begin = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double Latencies::Percentile(unsigned percent) const {
  std::vector<double> sorted = ms;
  std::sort(sorted.begin(), sorted.end());
  return sorted[std::min(sorted.size() - 1, sorted.size() * percent / 100)];
}

double Latencies::PerSecond() const { return static_cast<double>(ms.size()) / seconds; }

Latencies MeasureCalls(std::size_t count, const std::function<void()>& call) {
  Latencies result;
  result.seconds = SecondsOf([&] {
    for (std::size_t i = 0; i < count; ++i) result.ms.push_back(SecondsOf(call) * 1e3);
  });
  return result;
}

Latencies MeasureParallel(std::size_t threads, std::size_t count_each,
                          const std::function<void()>& call) {
  Latencies result;
  std::mutex mutex;
  result.seconds = SecondsOf([&] {
    std::vector<std::thread> workers;
    for (std::size_t i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        const Latencies own = MeasureCalls(count_each, call);
        std::lock_guard lock(mutex);
        result.ms.insert(result.ms.end(), own.ms.begin(), own.ms.end());
      });
    }
    for (std::thread& worker : workers) worker.join();
  });
  return result;
}

void PrintAgainst(std::string_view name, double value, std::string_view ceiling_name,
                  double ceiling, std::string_view unit) {
  std::printf("%-44.*s %12.1f %-8.*s | %-34.*s %12.1f | ratio %.2f\n",
              static_cast<int>(name.size()), name.data(), value, static_cast<int>(unit.size()),
              unit.data(), static_cast<int>(ceiling_name.size()), ceiling_name.data(), ceiling,
              value / ceiling);
  std::fflush(stdout);
}

void PrintLatency(std::string_view name, const Latencies& latencies) {
  std::printf("%-44.*s p50 %8.3f ms  p99 %8.3f ms  %10.0f /s\n", static_cast<int>(name.size()),
              name.data(), latencies.Percentile(50), latencies.Percentile(99),
              latencies.PerSecond());
  std::fflush(stdout);
}

}  // namespace tributary::bench
