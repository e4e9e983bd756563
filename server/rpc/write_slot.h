// The writing side of a stream, between the thread of a handler and gRPC's threads.

#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

#include "graph/model/cancel.h"
#include "server/stream.h"

namespace tributary::server {

// One message is on its way while the handler makes the next one: memory per stream is two messages
// however slow the reader is.
template <typename Message>
class WriteSlot final : public Sink<Message> {
 public:
  // `start_write` begins to send the message it is given; OnWriteDone follows.
  WriteSlot(const CancelToken& cancel, std::function<void(const Message*)> start_write)
      : cancel_(cancel), start_write_(std::move(start_write)) {}

  // On a thread of gRPC. Never waits.
  void OnWriteDone(bool ok) {
    {
      const std::lock_guard lock(mutex_);
      writing_ = false;
      if (!ok) peer_left_ = true;
    }
    changed_.notify_all();
  }

  // The token was fired: a waiting Write looks at it.
  void Wake() {
    // Between its look at the token and its wait a writer holds the lock, so it misses nothing.
    { const std::lock_guard lock(mutex_); }
    changed_.notify_all();
  }

  absl::Status Write(Message message) override {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !writing_ || cancel_.cancelled(); });
      if (cancel_.cancelled()) return cancel_.status();
      if (peer_left_) return absl::CancelledError("the client left");
      outgoing_ = std::move(message);
      writing_ = true;
    }
    start_write_(&outgoing_);
    return absl::OkStatus();
  }

  // Waits for the last message, without which a call may not be finished. False: the call was
  // stopped and the message is still on its way.
  bool DrainUnlessCancelled() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !writing_ || cancel_.cancelled(); });
    return !writing_;
  }
  // The same for a time. False: the client does not read.
  bool Drain(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return !writing_; });
  }
  // The same for a call that gRPC cancelled: that ends each of its writes.
  void Drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !writing_; });
  }

 private:
  const CancelToken& cancel_;
  const std::function<void(const Message*)> start_write_;
  Message outgoing_;  // belongs to gRPC while a write is under way
  std::mutex mutex_;
  std::condition_variable changed_;
  bool writing_ = false;
  bool peer_left_ = false;
};

}  // namespace tributary::server
