#include "server/rpc/worker_pool.h"

#include <utility>

#include "server/limits.h"

namespace tributary::server {

WorkerPool::WorkerPool(std::string limit_name, std::size_t thread_count, std::size_t queue_max)
    : limit_name_(std::move(limit_name)), work_count_max_(thread_count + queue_max) {
  threads_.reserve(thread_count);
  for (std::size_t i = 0; i < thread_count; ++i) threads_.emplace_back([this] { RunWorker(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

absl::Status WorkerPool::Submit(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    const std::size_t work_count = queue_.size() + running_count_;
    if (work_count >= work_count_max_) {
      return LimitExceeded("calls at once", work_count + 1, limit_name_, work_count_max_);
    }
    queue_.push_back(std::move(work));
  }
  work_arrived_.notify_one();
  return absl::OkStatus();
}

void WorkerPool::RunWorker() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    ++running_count_;
    lock.unlock();
    work();
    lock.lock();
    --running_count_;
  }
}

}  // namespace tributary::server
