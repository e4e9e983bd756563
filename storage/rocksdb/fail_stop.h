// The latch that closes a store for writing after its first failed write.

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "rocksdb/listener.h"

namespace tributary::rocksdb_engine {

// Any thread may call. Never opens again.
class FailStop {
 public:
  // Keeps the first reason, and tells the listener of it.
  void Trip(std::string_view reason);
  // See Store::SetFailureListener.
  void SetListener(std::function<void(const absl::Status&)> listener);
  // OK, or kUnavailable with the first reason.
  absl::Status Check() const;

 private:
  void TellListener();  // under listener_mutex_

  std::mutex listener_mutex_;  // held while the listener is told, before mutex_
  std::function<void(const absl::Status&)> listener_;
  bool listener_told_ = false;
  mutable std::mutex mutex_;
  std::string reason_;
};

// Trips the latch on errors of RocksDB's own threads, and forbids it to recover by itself: after
// a failed sync the kernel may have dropped the pages, so a retry that succeeds proves nothing.
class FailStopListener : public rocksdb::EventListener {
 public:
  explicit FailStopListener(std::shared_ptr<FailStop> fail_stop)
      : fail_stop_(std::move(fail_stop)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error,
                            bool* auto_recovery) override;

 private:
  const std::shared_ptr<FailStop> fail_stop_;
};

}  // namespace tributary::rocksdb_engine
