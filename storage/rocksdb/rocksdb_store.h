// The default engine: an embedded RocksDB database in one directory.

#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "storage/store.h"

namespace rocksdb {
class FileSystem;
}

namespace tributary {

// Table files that one store keeps open at most.
inline constexpr int kRocksDbOpenFileCountMax = 512;

struct RocksDbOptions {
  // The directory. Its parent must exist.
  std::string path;

  // Makes the directory and an empty database if there is none. Also finishes a creation that a
  // crash cut short, so an owner sets it until its own first commit is known to be durable.
  bool create_if_missing = false;

  // Bytes of uncompressed blocks kept for reading.
  std::size_t block_cache_size = 256u << 20;

  // Bytes of one family's write buffer. Two of them may be in use, beside what is being flushed.
  std::size_t write_buffer_size = 32u << 20;

  // Size aimed at for one table file. Tests choose small ones to have many.
  std::size_t table_file_size = 64u << 20;

  // The file system to work on; null is the machine's own.
  std::shared_ptr<rocksdb::FileSystem> file_system;

  // Acknowledges before the bytes are on disk. Exists so that the power-cut tests can show that
  // they notice; nothing else may set it.
  bool unsafe_no_sync_for_tests = false;

  // Leaves out the walk back that finds a scan to be short. Exists so that a test can show that
  // RocksDB does end scans early; nothing else may set it.
  bool unsafe_no_scan_check_for_tests = false;
};

// Opens the database; it stays locked until the store is destroyed, which frees every file.
//
// Fail-stop: the first write, flush or sync that fails, in the call or in the background, closes
//          the store for writing; RocksDB's own recovery from such errors is switched off. Reads
//          go on.
// Damage:  recovery of the write-ahead log stops at the first damaged record and answers OK, since
//          a power cut leaves the same picture. Whoever owns the store must compare its head with
//          one kept elsewhere (anchor.h) before trusting it to be complete.
// Scans:   over a damaged file RocksDB 7.8 may end a forward walk early and answer OK. Scan and
//          MultiScan walk back over what they found, and answer kDataLoss if the counts differ;
//          that a row has no cells at all is checked so too. ListRows is not checked: for it the
//          caveat of store.h is real. Get and MultiGet do notice.
// Files:   VerifyChecksums reads every table file; it does not read the write-ahead log.
// Errors:  kNotFound            no database there, and create_if_missing is not set.
//          kFailedPrecondition  another store has it open; names the directory.
//          kDataLoss            files are damaged or missing; names them.
//          kUnavailable         the system refused (permission, space, I/O).
absl::StatusOr<std::unique_ptr<Store>> OpenRocksDbStore(const RocksDbOptions& options);

}  // namespace tributary
