#include "tests/simulation/overlaps.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "storage/keys.h"

namespace tributary::test {
namespace {

// A busy machine may take long to run the thread that sends.
constexpr std::chrono::seconds kPatience{2};
// For the last call of a burst, which the ledger does not begin ahead if it is much smaller than
// the one that is written. Two together never are.
constexpr std::chrono::milliseconds kPatienceForLast{10};

TimeMs SystemTime() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return TimeMs{static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count())};
}

// Chunks of staged lists are committed beside the groups, and move no head.
bool MovesHead(const WriteBatch& batch) {
  const OwnedKey head = keys::Head();
  return std::any_of(batch.preconditions().begin(), batch.preconditions().end(),
                     [&](const WriteBatch::Precondition& one) {
                       return one.family == head.family && one.row == head.row &&
                              one.column == head.column;
                     });
}

}  // namespace

class Overlaps::WatchedStore final : public Store {
 public:
  WatchedStore(std::unique_ptr<Store> store, Overlaps* overlaps)
      : store_(std::move(store)), overlaps_(overlaps) {}

  absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot() override {
    return store_->TakeSnapshot();
  }
  absl::Status Commit(const WriteBatch& batch) override {
    if (!MovesHead(batch)) return store_->Commit(batch);
    const bool is_held_before = ++group_count_ % 2 == 0;  // one thread commits groups
    overlaps_->BeginCommit();
    if (is_held_before) overlaps_->AwaitNextGroup();
    absl::Status committed = store_->Commit(batch);
    if (!is_held_before) overlaps_->AwaitNextGroup();
    overlaps_->EndCommit();
    return committed;
  }
  absl::Status CopyTo(const std::string& path) override { return store_->CopyTo(path); }
  absl::Status VerifyChecksums() override { return store_->VerifyChecksums(); }
  absl::Status Compact() override { return store_->Compact(); }
  std::vector<FamilySize> ApproximateSizes() override { return store_->ApproximateSizes(); }

 private:
  const std::unique_ptr<Store> store_;
  Overlaps* const overlaps_;
  unsigned group_count_ = 0;
};

void Overlaps::Set(LedgerOptions* options) {
  options->group_fact_count_max = 1;
  options->overlap_fact_count_min = 1;
  options->overlap_byte_count_min = 1;
  // Each group asks for the time once, when it is begun.
  options->now = [this, now = options->now ? options->now : SystemTime] {
    BeginGroup();
    return now();
  };
  std::lock_guard lock(mutex_);
  announced_count_ = 0;
  begun_count_ = 0;
}

std::unique_ptr<Store> Overlaps::Watch(std::unique_ptr<Store> store) {
  return std::make_unique<WatchedStore>(std::move(store), this);
}

void Overlaps::Announce(std::size_t call_count) {
  std::lock_guard lock(mutex_);
  announced_count_ += call_count;
}

int Overlaps::count() const {
  std::lock_guard lock(mutex_);
  return count_;
}

void Overlaps::NothingToCommit() {
  std::lock_guard lock(mutex_);
  if (begun_count_ > 0) --begun_count_;
}

void Overlaps::BeginGroup() {
  std::lock_guard lock(mutex_);
  if (announced_count_ > 0) --announced_count_;
  // The commit of the group before may be handed over and not begun.
  if (begun_count_++ == 0 && !is_writing_) return;
  has_next_begun_ = true;
  ++count_;
  begun_.notify_all();
}

void Overlaps::BeginCommit() {
  std::lock_guard lock(mutex_);
  if (begun_count_ > 0) --begun_count_;
  is_writing_ = true;
  has_next_begun_ = begun_count_ > 0;
}

void Overlaps::EndCommit() {
  std::lock_guard lock(mutex_);
  is_writing_ = false;
}

void Overlaps::AwaitNextGroup() {
  std::unique_lock lock(mutex_);
  const auto is_over = [this] { return has_next_begun_ || announced_count_ == 0; };
  if (announced_count_ == 1) {
    begun_.wait_for(lock, kPatienceForLast, is_over);
  } else {
    begun_.wait_for(lock, kPatience, is_over);
  }
}

}  // namespace tributary::test
