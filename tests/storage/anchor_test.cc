// The anchor: what is acknowledged is found again, and what damage is detected.

#include "storage/anchor.h"

#include <filesystem>
#include <set>
#include <string>

#include "graph/merkle/merkle.h"
#include "tests/storage/anchor_heads.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

class AnchorFile {
 public:
  AnchorFile() : path_(directory_.path() + "/anchor") {}
  const std::string& path() const { return path_; }

  std::unique_ptr<Anchor> Create() const {
    auto anchor = Anchor::Create(PosixFileIo(), path_, kAnchorLedger, /*epoch=*/1);
    REQUIRE_OK(anchor);
    return *std::move(anchor);
  }
  absl::StatusOr<std::unique_ptr<Anchor>> Open() const {
    return Anchor::Open(PosixFileIo(), path_, kAnchorLedger);
  }
  std::string Bytes() const {
    const auto bytes = ReadFile(PosixFileIo(), path_, kAnchorFileSize);
    REQUIRE_OK(bytes);
    return *bytes;
  }
  void Replace(const std::string& bytes) const {
    REQUIRE_OK(WriteFileDurably(PosixFileIo(), path_, bytes));
  }

 private:
  TempDirectory directory_;
  std::string path_;
};

// A file whose heads are 10 (older slot) and 20 (newest slot), and where the newest one stands.
struct TwoHeads {
  AnchorFile file;
  std::string bytes;
  std::size_t newest_offset = 0;
  TwoHeads() {
    const auto anchor = file.Create();
    REQUIRE_OK(anchor->Advance(HeadOf(10)));
    const std::string before = file.Bytes();
    REQUIRE_OK(anchor->Advance(HeadOf(20)));
    bytes = file.Bytes();
    newest_offset =
        before.substr(0, kAnchorSlotSize) == bytes.substr(0, kAnchorSlotSize) ? kAnchorSlotSize : 0;
  }
};

TEST_CASE("anchor: a new one holds the empty tree", "[storage][anchor]") {
  const AnchorFile file;
  CHECK_STATUS(file.Open(), absl::StatusCode::kNotFound);
  REQUIRE(file.Create()->head() == AnchorHead{1, 0, EmptyRoot()});
  const auto opened = file.Open();
  REQUIRE_OK(opened);
  REQUIRE((*opened)->head() == AnchorHead{1, 0, EmptyRoot()});
  REQUIRE((*opened)->unreadable_copy_count() == 0);
  REQUIRE_FALSE((*opened)->may_be_one_behind());
  CHECK_STATUS(Anchor::Create(PosixFileIo(), file.path(), kAnchorLedger, 1),
               absl::StatusCode::kAlreadyExists);
}

TEST_CASE("anchor: the bytes are those of the format page", "[storage][anchor][golden]") {
  const AnchorFile file;
  file.Create();
  const std::string bytes = file.Bytes();
  REQUIRE(bytes.size() == kAnchorFileSize);
  REQUIRE(Sha256(bytes.substr(0, kAnchorCopySize)).ToHex() ==
          "23b241bb0ef5e05bad0d8184ad9dd0f413b7b07949c82bd52377718ae79c2e73");
  REQUIRE(bytes.substr(kAnchorSlotSize - kAnchorCopySize, kAnchorCopySize) ==
          bytes.substr(0, kAnchorCopySize));
}

TEST_CASE("anchor: what was acknowledged is found again", "[storage][anchor]") {
  const AnchorFile file;
  auto anchor = file.Create();
  for (std::uint64_t tree_size = 1; tree_size <= 20; ++tree_size) {
    CAPTURE(tree_size);
    REQUIRE_OK(anchor->Advance(HeadOf(tree_size)));
    REQUIRE(anchor->head() == HeadOf(tree_size));
    if (tree_size % 3 != 0) continue;
    anchor.reset();
    auto opened = file.Open();
    REQUIRE_OK(opened);
    anchor = *std::move(opened);
    REQUIRE(anchor->head() == HeadOf(tree_size));
  }
}

TEST_CASE("anchor: the head only grows", "[storage][anchor]") {
  const AnchorFile file;
  const auto anchor = file.Create();
  REQUIRE_OK(anchor->Advance(HeadOf(10)));
  AnchorHead other_epoch = HeadOf(11);
  other_epoch.epoch = 2;
  AnchorHead other_root = HeadOf(11);
  other_root.tree_size = 10;
  const std::string bytes = file.Bytes();
  CHECK_STATUS(anchor->Advance(HeadOf(9)), absl::StatusCode::kFailedPrecondition);
  CHECK_STATUS(anchor->Advance(other_epoch), absl::StatusCode::kFailedPrecondition);
  CHECK_STATUS(anchor->Advance(other_root), absl::StatusCode::kFailedPrecondition);
  REQUIRE_OK(anchor->Advance(HeadOf(10)));
  REQUIRE(file.Bytes() == bytes);
  REQUIRE_OK(anchor->Advance(HeadOf(11)));
}

TEST_CASE("anchor: another ledger's file is refused", "[storage][anchor]") {
  const AnchorFile file;
  file.Create();
  const auto opened = Anchor::Open(PosixFileIo(), file.path(), Sha256("another ledger"));
  CHECK_STATUS(opened, absl::StatusCode::kFailedPrecondition);
}

// Property: any one damaged sector leaves the head as it was.
TEST_CASE("anchor: one damaged sector changes nothing", "[storage][anchor][damage]") {
  const TwoHeads heads;
  for (std::size_t sector = 0; sector < kAnchorFileSize; sector += kAnchorCopySize) {
    CAPTURE(sector);
    std::string bytes = heads.bytes;
    bytes.replace(sector, kAnchorCopySize, kAnchorCopySize, '\xa5');
    heads.file.Replace(bytes);
    const auto opened = heads.file.Open();
    REQUIRE_OK(opened);
    REQUIRE((*opened)->head() == HeadOf(20));
  }
}

TEST_CASE("anchor: any flipped bit leaves the head, and a copy's is counted",
          "[storage][anchor][damage]") {
  const TwoHeads heads;
  Rng rng = SeededRng();
  for (int trial = 0; trial < 500; ++trial) {
    const std::size_t position = rng.Below(kAnchorFileSize);
    const int bit = static_cast<int>(rng.Below(8));
    CAPTURE(rng.seed(), position, bit);
    std::string bytes = heads.bytes;
    bytes[position] = static_cast<char>(bytes[position] ^ (1 << bit));
    heads.file.Replace(bytes);
    const auto opened = heads.file.Open();
    REQUIRE_OK(opened);
    REQUIRE((*opened)->head() == HeadOf(20));
    const std::size_t in_slot = position % kAnchorSlotSize;
    const bool is_in_copy =
        in_slot < kAnchorCopySize || in_slot >= kAnchorSlotSize - kAnchorCopySize;
    REQUIRE((*opened)->unreadable_copy_count() == (is_in_copy ? 1 : 0));
  }
}

TEST_CASE("anchor: a lost newest slot falls back by one Advance and says so",
          "[storage][anchor][damage]") {
  const TwoHeads heads;
  std::string bytes = heads.bytes;
  bytes.replace(heads.newest_offset, kAnchorSlotSize, kAnchorSlotSize, '\0');
  heads.file.Replace(bytes);
  const auto opened = heads.file.Open();
  REQUIRE_OK(opened);
  REQUIRE((*opened)->head() == HeadOf(10));
  REQUIRE((*opened)->may_be_one_behind());
  // The next head goes into the lost slot: the one that is left stays until that is durable.
  REQUIRE_OK((*opened)->Advance(HeadOf(21)));
  REQUIRE((*heads.file.Open())->head() == HeadOf(21));
  REQUIRE_FALSE((*heads.file.Open())->may_be_one_behind());
}

TEST_CASE("anchor: damage beyond one slot is refused", "[storage][anchor][damage]") {
  const TwoHeads heads;
  const std::string zero(kAnchorFileSize, '\0');
  const std::string swapped =
      heads.bytes.substr(kAnchorSlotSize) + heads.bytes.substr(0, kAnchorSlotSize);
  const std::string& newest_slot = heads.bytes.substr(heads.newest_offset, kAnchorSlotSize);
  for (const std::string& bytes : {zero, std::string(), swapped, newest_slot + newest_slot,
                                   heads.bytes.substr(0, kAnchorCopySize - 1)}) {
    heads.file.Replace(bytes);
    CHECK_STATUS(heads.file.Open(), absl::StatusCode::kDataLoss);
  }
}

TEST_CASE("anchor: slots of different times are refused", "[storage][anchor][damage]") {
  const AnchorFile file;
  const auto anchor = file.Create();
  const std::string first = file.Bytes();
  for (std::uint64_t size = 1; size <= 4; ++size) REQUIRE_OK(anchor->Advance(HeadOf(size)));
  const std::string last = file.Bytes();
  file.Replace(first.substr(0, kAnchorSlotSize) + last.substr(kAnchorSlotSize));
  CHECK_STATUS(file.Open(), absl::StatusCode::kDataLoss);
  file.Replace(last.substr(0, kAnchorSlotSize) + first.substr(kAnchorSlotSize));
  CHECK_STATUS(file.Open(), absl::StatusCode::kDataLoss);
}

TEST_CASE("anchor: a newer format is refused, not misread", "[storage][anchor]") {
  const AnchorFile file;
  file.Create();
  std::string bytes = file.Bytes();
  const std::size_t version_offset = 11;
  bytes[version_offset] = 2;
  const std::size_t checked_size = kAnchorCopySize - kDigestSize;
  bytes.replace(checked_size, kDigestSize,
                std::string(Sha256(bytes.substr(0, checked_size)).view()));
  file.Replace(bytes);
  CHECK_STATUS(file.Open(), absl::StatusCode::kFailedPrecondition);
}

// Property: a power cut during Advance, whichever 512-byte sectors arrive, leaves the head before
// it or the one being written.
TEST_CASE("anchor: every torn write leaves one of two heads", "[storage][anchor]") {
  const TwoHeads heads;
  const std::string before = heads.bytes;
  REQUIRE_OK((*heads.file.Open())->Advance(HeadOf(30)));
  const std::string after = heads.file.Bytes();
  constexpr std::size_t kSectorCount = kAnchorSlotSize / kAnchorCopySize;
  const std::size_t written_offset = kAnchorSlotSize - heads.newest_offset;
  std::set<std::uint64_t> sizes_seen;
  for (std::uint32_t arrived = 0; arrived < (1u << kSectorCount); ++arrived) {
    CAPTURE(arrived);
    std::string bytes = before;
    for (std::size_t sector = 0; sector < kSectorCount; ++sector) {
      if ((arrived >> sector & 1) == 0) continue;
      const std::size_t offset = written_offset + sector * kAnchorCopySize;
      bytes.replace(offset, kAnchorCopySize, after, offset, kAnchorCopySize);
    }
    heads.file.Replace(bytes);
    const auto opened = heads.file.Open();
    REQUIRE_OK(opened);
    const AnchorHead head = (*opened)->head();
    REQUIRE((head == HeadOf(20) || head == HeadOf(30)));
    sizes_seen.insert(head.tree_size);
  }
  REQUIRE(sizes_seen == std::set<std::uint64_t>{20, 30});
}

}  // namespace
}  // namespace tributary::test
