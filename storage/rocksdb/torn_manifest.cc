#include "storage/rocksdb/torn_manifest.h"

#include <algorithm>
#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "rocksdb/env.h"
#include "storage/rocksdb/engine_status.h"

namespace tributary::rocksdb_engine {
namespace {

using rocksdb::IOOptions;
using rocksdb::IOStatus;

// The framing of RocksDB's logs: blocks of records, each checksum (4), size (2), type (1), payload.
constexpr std::uint64_t kBlockSize = 32768;
constexpr std::uint64_t kHeaderSize = 7;
constexpr std::uint8_t kWholeRecord = 1;
constexpr std::uint8_t kFirstFragment = 2;

// CRC-32C (Castagnoli), the reflected polynomial 0x1EDC6F41 (RFC 3720, appendix B.4).
std::uint32_t Crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
  }
  return ~crc;
}

// As RocksDB's logs hold it: rotated, and moved by a constant.
std::uint32_t MaskedCrc32c(std::string_view bytes) {
  const std::uint32_t crc = Crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

struct Fragment {
  std::uint64_t at = 0;
  std::uint8_t type = 0;
  std::uint32_t checksum = 0;
  std::string_view type_and_payload;  // what the checksum covers; short where the file ends in it
};

template <typename Visit>
void ForEachFragment(std::string_view manifest, const Visit& visit) {
  std::uint64_t at = 0;
  while (at + kHeaderSize <= manifest.size()) {
    const std::uint64_t left_in_block = kBlockSize - at % kBlockSize;
    if (left_in_block < kHeaderSize) {
      at += left_in_block;
      continue;
    }
    const auto byte = [&](std::uint64_t i) -> std::uint32_t {
      return static_cast<unsigned char>(manifest[at + i]);
    };
    const std::uint64_t size = byte(4) | byte(5) << 8;
    const auto type = static_cast<std::uint8_t>(byte(6));
    if (type == 0 && size == 0) return;
    const std::uint32_t checksum = byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
    visit(Fragment{at, type, checksum, manifest.substr(at + 6, 1 + size)});
    at += kHeaderSize + size;
  }
}

class ShortenedFile : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  ShortenedFile(std::unique_ptr<rocksdb::FSSequentialFile> file, std::uint64_t size)
      : FSSequentialFileOwnerWrapper(std::move(file)), left_(size) {}

  IOStatus Read(size_t size, const IOOptions& options, rocksdb::Slice* result, char* scratch,
                rocksdb::IODebugContext* debug) override {
    const size_t wanted = std::min<std::uint64_t>(size, left_);
    IOStatus status = FSSequentialFileOwnerWrapper::Read(wanted, options, result, scratch, debug);
    if (status.ok()) left_ -= result->size();
    return status;
  }

 private:
  std::uint64_t left_;
};

// A file system in which one file ends early.
class ShortenedView : public rocksdb::FileSystemWrapper {
 public:
  ShortenedView(const std::shared_ptr<rocksdb::FileSystem>& files, std::string path,
                std::uint64_t size)
      : FileSystemWrapper(files), path_(std::move(path)), size_(size) {}

  const char* Name() const override { return "ShortenedView"; }

  IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             rocksdb::IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewSequentialFile(path, options, file, debug);
    if (status.ok() && path == path_) {
      *file = std::make_unique<ShortenedFile>(std::move(*file), size_);
    }
    return status;
  }

  IOStatus GetFileSize(const std::string& path, const IOOptions& options, std::uint64_t* size,
                       rocksdb::IODebugContext* debug) override {
    if (path != path_) return FileSystemWrapper::GetFileSize(path, options, size, debug);
    *size = size_;
    return IOStatus::OK();
  }

 private:
  const std::string path_;
  const std::uint64_t size_;
};

absl::StatusOr<std::string> ReadWhole(rocksdb::FileSystem& files, const std::string& path) {
  std::string bytes;
  TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(rocksdb::ReadFileToString(&files, path, &bytes), path));
  return bytes;
}

// Puts `bytes` in the place of the file, durably: after a crash it is the old one or the new one.
absl::Status Replace(rocksdb::FileSystem& files, const std::string& directory,
                     const std::string& path, std::string_view bytes) {
  const IOOptions io;
  const std::string fresh = path + ".cut";  // what a crash leaves of it, RocksDB passes over
  TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(
      rocksdb::WriteStringToFile(&files, {bytes.data(), bytes.size()}, fresh, /*sync=*/true),
      fresh));
  TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(files.RenameFile(fresh, path, io, nullptr), path));
  std::unique_ptr<rocksdb::FSDirectory> names;
  TRIBUTARY_RETURN_IF_ERROR(
      FromRocksDb(files.NewDirectory(directory, io, &names, nullptr), directory));
  return FromRocksDb(names->Fsync(io, nullptr), directory);
}

}  // namespace

std::vector<std::uint64_t> LastRecordStarts(std::string_view manifest) {
  std::vector<std::uint64_t> starts;
  ForEachFragment(manifest, [&](const Fragment& fragment) {
    if (fragment.type == kWholeRecord || fragment.type == kFirstFragment) {
      starts.push_back(fragment.at);
    }
  });
  std::reverse(starts.begin(), starts.end());
  if (starts.size() > kTornRecordCountMax) starts.resize(kTornRecordCountMax);
  return starts;
}

bool HasDamagedRecord(std::string_view manifest) {
  bool is_damaged = false;
  ForEachFragment(manifest, [&](const Fragment& fragment) {
    is_damaged |= MaskedCrc32c(fragment.type_and_payload) != fragment.checksum;
  });
  return is_damaged;
}

absl::Status CutTornManifest(const std::shared_ptr<rocksdb::FileSystem>& files,
                             const std::string& path, const TryOpen& try_open) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::string name, ReadWhole(*files, path + "/CURRENT"));
  while (!name.empty() && name.back() == '\n') name.pop_back();
  const std::string manifest = StrCat(path, "/", name);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string bytes, ReadWhole(*files, manifest));
  if (!HasDamagedRecord(bytes)) return absl::DataLossError(StrCat(manifest, " is not torn"));
  // From the end: the first cut that opens is the one before the first torn edit. Were a later part
  // of the history needed, no earlier cut would have it.
  for (const std::uint64_t size : LastRecordStarts(bytes)) {
    const auto is_complete = try_open(std::make_shared<ShortenedView>(files, manifest, size));
    if (!is_complete.ok()) continue;
    if (!*is_complete) break;
    return Replace(*files, path, manifest, std::string_view(bytes).substr(0, size));
  }
  return absl::DataLossError(StrCat("no end of ", manifest, " gives a complete database"));
}

}  // namespace tributary::rocksdb_engine
