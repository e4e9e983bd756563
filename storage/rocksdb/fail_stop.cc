#include "storage/rocksdb/fail_stop.h"

#include "graph/model/text.h"

namespace tributary::rocksdb_engine {

void FailStop::Trip(std::string_view reason) {
  std::lock_guard lock(mutex_);
  if (reason_.empty()) reason_ = reason;
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
