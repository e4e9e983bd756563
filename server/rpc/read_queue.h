// The reading side of a stream, between gRPC's threads and the thread of a handler.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "server/stream.h"

namespace tributary::server {

// Holds at most `capacity` messages that the handler has not taken; while it is full nothing is
// read, and HTTP/2 flow control holds the client back.
template <typename Message>
class ReadQueue final : public Source<Message> {
 public:
  // `start_read` begins to read into the message it is given; OnReadDone follows.
  ReadQueue(std::size_t capacity, std::function<void(Message*)> start_read)
      : capacity_(capacity), start_read_(std::move(start_read)) {}

  void Start() { start_read_(&incoming_); }

  // On a thread of gRPC. Never waits.
  void OnReadDone(bool ok) {
    bool read_on = false;
    {
      const std::lock_guard lock(mutex_);
      if (ok) {
        queue_.push_back(std::move(incoming_));
        incoming_ = Message();
      } else {
        ended_ = true;
      }
      read_on = !ended_ && queue_.size() < capacity_;
      paused_ = !ended_ && !read_on;
    }
    arrived_.notify_one();
    if (read_on) start_read_(&incoming_);
  }

  // The call was stopped: what is queued is dropped. Any thread.
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    arrived_.notify_one();
  }

  bool Read(Message* message) override {
    bool resume = false;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return stopped_ || ended_ || !queue_.empty(); });
      if (stopped_ || queue_.empty()) return false;
      *message = std::move(queue_.front());
      queue_.pop_front();
      resume = std::exchange(paused_, false);
    }
    if (resume) start_read_(&incoming_);
    return true;
  }

 private:
  const std::size_t capacity_;
  const std::function<void(Message*)> start_read_;
  Message incoming_;  // belongs to gRPC while a read is under way
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Message> queue_;
  bool paused_ = false;  // no read is under way because the queue was full
  bool ended_ = false;
  bool stopped_ = false;
};

}  // namespace tributary::server
