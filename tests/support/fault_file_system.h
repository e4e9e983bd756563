// A FaultDisk as the file systems that the product works on.

#pragma once

#include <memory>

#include "storage/file_io.h"
#include "tests/support/fault_disk.h"

namespace rocksdb {
class FileSystem;
}

namespace tributary::test {

// For RocksDbOptions::file_system. Every operation on a file is counted, recorded and may be
// struck, but locks and RocksDB's info log (which is not written at all). The disk must outlive it.
std::shared_ptr<rocksdb::FileSystem> NewFaultFileSystem(FaultDisk& disk);

// For the anchor and other files of ours. Locks are not counted. The disk must outlive it.
std::unique_ptr<FileIo> NewFaultFileIo(FaultDisk& disk);

}  // namespace tributary::test
