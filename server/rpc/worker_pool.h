// The server's own threads: no handler runs on a thread of gRPC.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"

namespace tributary::server {

// A fixed number of threads and a bounded queue of work for them.
class WorkerPool {
 public:
  // `limit_name` is the limit that an operator raises when work is refused.
  WorkerPool(std::string limit_name, std::size_t thread_count, std::size_t queue_max);
  // Runs what was queued, then ends the threads.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Queues `work`. Any thread; never waits.
  // Errors: kResourceExhausted, thread_count + queue_max pieces of work are under way; `work` will
  // not run.
  absl::Status Submit(std::function<void()> work);

 private:
  void RunWorker();

  const std::string limit_name_;
  const std::size_t work_count_max_;
  std::mutex mutex_;
  std::condition_variable work_arrived_;
  std::deque<std::function<void()>> queue_;
  std::size_t running_count_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tributary::server
