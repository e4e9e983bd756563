// A manifest with a torn end is cut; one with damage that costs anything is left and refused.

#include "storage/rocksdb/torn_manifest.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "storage/rocksdb/rocksdb_store.h"
#include "tests/storage/conformance/store_model.h"
#include "tests/storage/rocksdb/small_files.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

namespace fs = std::filesystem;
using rocksdb_engine::kTornRecordCountMax;
using rocksdb_engine::LastRecordStarts;

constexpr char kWhole = 1;
constexpr char kFirst = 2;
constexpr char kMiddle = 3;
constexpr char kLast = 4;
constexpr std::size_t kHeaderSize = 7;
constexpr std::size_t kBlockSize = 32768;

// A record as RocksDB frames it, under a checksum that does not fit.
std::string Frame(char type, std::size_t size) {
  std::string record = "crc!";
  record += static_cast<char>(size & 0xff);
  record += static_cast<char>(size >> 8);
  record += type;
  return record + std::string(size, 'x');
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string ManifestOf(const std::string& path) {
  std::string name = ReadFile(path + "/CURRENT");
  name.pop_back();
  return path + "/" + name;
}

// A closed store, and what it holds.
Model MakeStore(const std::string& path) {
  const auto store = OpenRocksDbStore(SmallFiles(path));
  REQUIRE_OK(store);
  Rng rng(11);
  Model model;
  for (int i = 0; i < 300; ++i) {
    const WriteBatch batch = RandomBatch(rng);
    REQUIRE_OK((*store)->Commit(batch));
    Apply(batch, model);
    if (i == 200) REQUIRE_OK((*store)->Compact());
  }
  return model;
}

TEST_CASE("torn manifest: where records begin, the last one first", "[storage][rocksdb]") {
  REQUIRE(LastRecordStarts("").empty());
  REQUIRE(LastRecordStarts("short").empty());
  std::string manifest = Frame(kWhole, 10) + Frame(kWhole, 300);
  REQUIRE(LastRecordStarts(manifest) == std::vector<std::uint64_t>{17, 0});
  // What a file system left as zeros is not a record.
  REQUIRE(LastRecordStarts(manifest + std::string(64, '\0')) == std::vector<std::uint64_t>{17, 0});
  // A record in three fragments, to a few bytes before the end of a block; the next block has more.
  const std::size_t first_size = kBlockSize - manifest.size() - kHeaderSize;
  const std::size_t start = manifest.size();
  manifest += Frame(kFirst, first_size - kHeaderSize) + Frame(kMiddle, 0);
  REQUIRE(manifest.size() == kBlockSize);
  manifest += Frame(kLast, kBlockSize - kHeaderSize - 3) + std::string(3, '\0');
  manifest += Frame(kWhole, 5);
  REQUIRE(LastRecordStarts(manifest) == std::vector<std::uint64_t>{2 * kBlockSize, start, 17, 0});
  for (std::size_t i = 0; i < 2 * kTornRecordCountMax; ++i) manifest += Frame(kWhole, 1);
  REQUIRE(LastRecordStarts(manifest).size() == kTornRecordCountMax);
}

TEST_CASE("torn manifest: a record is damaged when its checksum does not fit",
          "[storage][rocksdb]") {
  using rocksdb_engine::HasDamagedRecord;
  const TempDirectory directory;
  const std::string path = directory.path() + "/store";
  MakeStore(path);
  const std::string manifest = ReadFile(ManifestOf(path));
  CHECK_FALSE(HasDamagedRecord(manifest));
  CHECK_FALSE(HasDamagedRecord(manifest + std::string(64, '\0')));
  CHECK(HasDamagedRecord(manifest + Frame(kWhole, 60)));
  for (std::size_t at = 7; at < manifest.size(); at += manifest.size() / 20) {
    std::string damaged = manifest;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x01);
    CAPTURE(at);
    CHECK(HasDamagedRecord(damaged));
  }
}

TEST_CASE("torn manifest: an edit that was torn is dropped, nothing is lost",
          "[storage][rocksdb]") {
  const TempDirectory directory;
  const std::string path = directory.path() + "/store";
  const Model model = MakeStore(path);
  const std::string manifest_path = ManifestOf(path);
  const std::string whole = ReadFile(manifest_path);
  const int torn_count = GENERATE(1, 2, 5);
  CAPTURE(torn_count);
  std::string torn = whole;
  for (int i = 0; i < torn_count; ++i) torn += Frame(kWhole, 60);
  WriteFile(manifest_path, torn);
  for (int time = 0; time < 2; ++time) {
    const auto store = OpenRocksDbStore(SmallFiles(path));
    REQUIRE_OK(store);
    REQUIRE(Contents(**store) == model);
    REQUIRE_OK((*store)->VerifyChecksums());
  }
}

TEST_CASE("torn manifest: damage to an edit that counts is refused, and nothing is changed",
          "[storage][rocksdb]") {
  const TempDirectory directory;
  const std::string path = directory.path() + "/store";
  const Model model = MakeStore(path);
  int refused_count = 0;
  int opened_count = 0;
  const std::uint64_t size = ReadFile(ManifestOf(path)).size();
  for (std::uint64_t at = 3; at < size; at += size / 40) {
    CAPTURE(at);
    const std::string trial = directory.path() + "/trial";
    fs::remove_all(trial);
    fs::copy(path, trial, fs::copy_options::recursive);
    const std::string manifest_path = ManifestOf(trial);
    std::string damaged = ReadFile(manifest_path);
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    WriteFile(manifest_path, damaged);
    const auto store = OpenRocksDbStore(SmallFiles(trial));
    if (store.ok()) {
      ++opened_count;
      REQUIRE(Contents(**store) == model);
      continue;
    }
    ++refused_count;
    CHECK_STATUS(store, absl::StatusCode::kDataLoss);
    REQUIRE(store.status().message().find("MANIFEST-") != std::string::npos);
    REQUIRE(ReadFile(manifest_path) == damaged);
  }
  CAPTURE(opened_count);
  REQUIRE(refused_count > 20);
}

}  // namespace
}  // namespace tributary::test
