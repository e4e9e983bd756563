// A ledger on RocksDB in one directory, as an owner keeps it: the store beside its anchor.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/ledger.h"
#include "tests/simulation/overlaps.h"
#include "tests/support/fault_disk.h"

namespace rocksdb {
class FileSystem;
}

namespace tributary::test {

// A disk that may fail or lose power, as both file systems that a ledger works on.
class SimulatedDisk {
 public:
  SimulatedDisk();
  ~SimulatedDisk();
  FaultDisk& disk() { return disk_; }
  FileIo& file_io() { return *file_io_; }
  const std::shared_ptr<rocksdb::FileSystem>& file_system() const { return file_system_; }

 private:
  FaultDisk disk_;
  std::shared_ptr<rocksdb::FileSystem> file_system_;
  std::unique_ptr<FileIo> file_io_;
};

struct LedgerFiles {
  std::string directory;          // holds "store" and "anchor"
  SimulatedDisk* disk = nullptr;  // null: the machine's own
  // Small: a short run then has many table files, flushes and compactions.
  std::size_t file_size = 64u << 10;
  bool unsafe_no_sync = false;
  bool unsafe_acknowledge_before_anchor = false;
  bool fixed_time = true;  // records of equal steps are then equal to the byte
  // Not null: groups are small, each is applied while the one before is written
  // (docs/decisions/0019-applying-beside-writing.md), and it is counted here how often.
  Overlaps* overlaps = nullptr;
};

std::string StorePath(const LedgerFiles& files);
std::string AnchorPath(const LedgerFiles& files);

absl::StatusOr<std::unique_ptr<Store>> OpenStoreOf(const LedgerFiles& files, bool create);

// The directory must exist.
absl::StatusOr<std::unique_ptr<Ledger>> CreateLedger(const LedgerFiles& files);
absl::StatusOr<std::unique_ptr<Ledger>> OpenLedger(const LedgerFiles& files);

// Makes an anchor for a copy of the store, as an owner does after Ledger::CopyTo.
absl::Status AnchorCopy(const LedgerFiles& copy, const HeadRow& head);

// What is wrong with staged edge lists: edges of a stage that no derivation made real, or markers
// of unfinished ones; empty if nothing is. The ledger must be closed.
absl::StatusOr<std::string> FindStrayStages(const LedgerFiles& files);

// Damage that a full verification finds; empty if none.
absl::StatusOr<std::string> FindDamage(const Ledger& ledger);

}  // namespace tributary::test
