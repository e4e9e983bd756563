#include "storage/rocksdb/fail_stop.h"

#include <utility>

#include "graph/model/text.h"

namespace tributary::rocksdb_engine {

void FailStop::Trip(std::string_view reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!reason_.empty()) return;
    reason_ = reason;
  }
  const std::lock_guard lock(listener_mutex_);
  TellListener();
}

void FailStop::SetListener(std::function<void(const absl::Status&)> listener) {
  const std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
  listener_told_ = false;
  TellListener();
}

void FailStop::TellListener() {
  const absl::Status failed = Check();
  if (failed.ok() || !listener_ || listener_told_) return;
  listener_told_ = true;
  listener_(failed);
}

absl::Status FailStop::Check() const {
  std::lock_guard lock(mutex_);
  if (reason_.empty()) return absl::OkStatus();
  return absl::UnavailableError(
      StrCat("the store takes no further commit until it is reopened: ", reason_));
}

void FailStopListener::OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                                         rocksdb::Status* error) {
  fail_stop_->Trip(StrCat("background error: ", error->ToString()));
}

void FailStopListener::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/,
                                            rocksdb::Status error, bool* auto_recovery) {
  fail_stop_->Trip(StrCat("background error: ", error.ToString()));
  *auto_recovery = false;
}

}  // namespace tributary::rocksdb_engine
