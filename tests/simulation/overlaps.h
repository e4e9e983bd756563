// Ledgers that apply each group while the one before is written, and how often they did.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

#include "storage/ledger.h"

namespace tributary::test {

// Must outlive the ledgers that it is set for, one at a time. Any thread.
class Overlaps {
 public:
  // Every call is a group of its own, and each is applied ahead.
  void Set(LedgerOptions* options);

  // A store that holds up the commit of a group until the next was begun, as long as more calls are
  // announced: before the commit or after it, so that the next group is applied over rows that the
  // store does not show yet, or that it does.
  std::unique_ptr<Store> Watch(std::unique_ptr<Store> store);

  // So many calls follow at once.
  void Announce(std::size_t call_count);
  // A call was answered, and all of it was recorded before or refused: its group has no commit.
  void NothingToCommit();

  // Groups that were begun before the one before them was in the store.
  int count() const;

 private:
  class WatchedStore;

  void BeginGroup();
  void BeginCommit();
  void EndCommit();
  void AwaitNextGroup();

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable begun_;
  std::size_t announced_count_ = 0;  // and not begun
  int begun_count_ = 0;              // groups whose commit has not begun
  bool is_writing_ = false;
  bool has_next_begun_ = false;  // while writing
  int count_ = 0;
};

}  // namespace tributary::test
