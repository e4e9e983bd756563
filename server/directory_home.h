// Ledgers in a data directory, each with a RocksDB store and an anchor of its own.
//
//   <data>/LOCK                     held while a server runs
//   <data>/ledgers/<file>/store/    the store of one ledger
//   <data>/ledgers/<file>/anchor    its anchor, unless anchors are kept elsewhere
//   <data>/creating/<file>/         a ledger being made; cleared at start
//   <data>/scratch/                 stores for verification; cleared at start
//   <backups>/<file>/<name>/        a backup: the same two parts as a ledger
//
// <file> is the ledger's name with "%" for "/" and "=" for a leading "."; neither can be in a name.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/disk_reserve.h"
#include "server/ledgers.h"
#include "server/open_files.h"

namespace tributary::server {

struct DirectoryHomeOptions {
  std::string data_directory;    // made if its parent exists
  std::string anchor_directory;  // empty: each anchor beside its store; else on another disk
  std::string backup_directory;  // empty: no backups
  std::size_t block_cache_size = 256u << 20;  // bytes of uncompressed blocks that a store keeps
  std::uint64_t free_space_min = 0;           // bytes kept free on disks; 0: none
  DiskReserve::FreeSpace free_space;          // absent: what the system says
  OpenFiles open_files;
  LedgerOptions ledger;  // admit_write is the home's to set
};

// Locks the data directory for as long as the home lives.
// Errors: kFailedPrecondition  another server has the directory; names it.
//         kNotFound            the parent of a directory does not exist.
//         kResourceExhausted   its ledgers need more open files than the process may have.
absl::StatusOr<std::unique_ptr<LedgerHome>> OpenDirectoryHome(DirectoryHomeOptions options);

// Puts a backup in its place in a data directory that no server uses: copied, made durable and
// verified in full before it has its name.
// Errors: kAlreadyExists       the ledger is there already: nothing is overwritten.
//         kFailedPrecondition  a server has the directory; an anchor kept elsewhere is ahead of the
//                              backup (what was acknowledged since would be lost), or vouches for
//                              another history.
//         kDataLoss            the backup is not sound. kNotFound: there is none.
absl::StatusOr<VerifyResult> RestoreLedger(DirectoryHomeOptions options, const std::string& name,
                                           const std::string& backup);

// The file name of a ledger, and back; the name must be valid.
std::string LedgerFileName(std::string_view ledger);
std::string LedgerNameOf(std::string_view file_name);

}  // namespace tributary::server
