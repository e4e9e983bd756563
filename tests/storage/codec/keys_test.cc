#include "storage/keys.h"

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/escaping.h"
#include "graph/model/text.h"
#include "tests/support/catch.h"

namespace tributary {
namespace {

std::string Hex(std::string_view bytes) { return absl::BytesToHexString(ToAbsl(bytes)); }

bool IsBefore(const OwnedKey& a, const OwnedKey& b) {
  return std::tie(a.family, a.row, a.column) < std::tie(b.family, b.row, b.column);
}

TEST_CASE("big-endian: there and back, in the order of the numbers", "[storage][codec]") {
  const std::vector<std::uint64_t> ascending = {
      0, 1, 255, 256, 65535, 1 << 24, 4294967295, std::uint64_t{1} << 32, ~std::uint64_t{0}};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    CHECK(ReadBigEndian64(BigEndian64(ascending[i])) == ascending[i]);
    if (i > 0) CHECK(BigEndian64(ascending[i - 1]) < BigEndian64(ascending[i]));
    if (ascending[i] > 4294967295) continue;
    const auto small = static_cast<std::uint32_t>(ascending[i]);
    CHECK(ReadBigEndian32(BigEndian32(small)) == small);
  }
  CHECK(Hex(BigEndian64(0x0102030405060708)) == "0102030405060708");
  CHECK(Hex(BigEndian32(0x01020304)) == "01020304");
}

// The layouts of docs/formats/store.md: changing one is a new format version.
TEST_CASE("keys: known bytes", "[storage][codec][golden]") {
  struct KnownAnswer {
    std::string_view name;
    OwnedKey key;
    Family family;
    std::string row;     // hex
    std::string column;  // hex
  };
  const Digest digest = Sha256("abc");
  const std::string hex = digest.ToHex();  // ba7816bf…
  const std::string number = "0000000000000102";
  const StageId stage{0x102};
  const AssetNumber asset{0x102};
  const LogPosition position{0x102};
  const std::vector<KnownAnswer> all = {
      {"format", keys::Format(), Family::kMeta, Hex("format"), ""},
      {"head", keys::Head(), Family::kMeta, Hex("head"), ""},
      {"open stage", keys::OpenStage(stage), Family::kMeta, Hex("stages"), number},
      {"stage's pool", keys::StagePoolEntry(stage, 3, 4), Family::kMeta, "75" + number,
       "000000000000000300000004"},
      {"stage counter", keys::StageCounter(), Family::kMeta, Hex("stage_counter"), ""},
      {"rebuilding", keys::Rebuilding(), Family::kMeta, Hex("rebuilding"), ""},
      {"log entry", keys::LogEntry(position), Family::kLog, "0000000000000000", "0102"},
      {"last of a log row", keys::LogEntry(LogPosition{4095}), Family::kLog, "0000000000000000",
       "0fff"},
      {"first of the next", keys::LogEntry(LogPosition{4096}), Family::kLog, "0000000000000001",
       "0000"},
      {"record position", keys::RecordPosition(digest), Family::kRecord, hex, ""},
      {"details", keys::Details(digest), Family::kDetails, hex, ""},
      {"tile", keys::Tile(2, 0x102), Family::kTree, "02", number},
      {"asset number", keys::AssetNumberOf(digest), Family::kAsset, "69ba", hex.substr(2)},
      {"asset state", keys::AssetStateOf(asset), Family::kAsset, "6e" + number, ""},
      {"asset version", keys::AssetVersion(keys::VersionTag::kAsset, asset, 3), Family::kAsset,
       "76" + number + "61", "00000003"},
      {"derivation version", keys::AssetVersion(keys::VersionTag::kDerivation, asset, 3),
       Family::kAsset, "76" + number + "64", "00000003"},
      {"holders version", keys::AssetVersion(keys::VersionTag::kHolders, asset, 3), Family::kAsset,
       "76" + number + "68", "00000003"},
      {"name", keys::NameEntry("abc", asset), Family::kAsset, "6d" + hex, number},
      {"derivation", keys::Derivation(position), Family::kUpstream, "64" + number, ""},
      {"edge chunk", keys::EdgeChunk(stage, 3), Family::kUpstream, "63" + number, "00000003"},
      {"consumer head", keys::ConsumerHead(asset), Family::kDownstream, "68" + number, ""},
      {"consumer block", keys::ConsumerBlock(asset, 3), Family::kDownstream, "62" + number,
       "00000003"},
      {"pool head", keys::PoolHead(0x102), Family::kDownstream, "70" + number, ""},
      {"pool members", keys::PoolMembers(0x102, StageId{3}, 4), Family::kDownstream, "71" + number,
       "000000000000000300000004"},
      {"identity head", keys::IdentityHead("abc"), Family::kIdentity, "68" + hex, ""},
      {"identity version", keys::IdentityVersion("abc", 3), Family::kIdentity, "76" + hex,
       "00000003"},
      {"party list", keys::PartyListEntry("abc"), Family::kIdentity, Hex("parties"), Hex("abc")},
      {"alias list", keys::AliasListEntry("abc"), Family::kIdentity, Hex("aliases"), Hex("abc")},
      {"alias of an asset", keys::AssetAliasEntry(asset, "abc"), Family::kIdentity, "78" + number,
       Hex("abc")},
      {"asset of a party", keys::PartyAssetEntry("abc", asset), Family::kIdentity, "6f" + hex,
       number},
      {"consent", keys::ConsentEntry(asset, "training:abc"), Family::kIdentity, "63" + number,
       Hex("training:abc")},
  };
  std::set<std::tuple<Family, std::string, std::string>> distinct;
  for (const KnownAnswer& known : all) {
    CAPTURE(known.name);
    CHECK(known.key.family == known.family);
    CHECK(Hex(known.key.row) == known.row);
    CHECK(Hex(known.key.column) == known.column);
    CHECK(known.key.row.size() <= kRowSizeMax);
    distinct.insert({known.key.family, known.key.row, known.key.column});
  }
  CHECK(distinct.size() == all.size());
}

TEST_CASE("keys: rows that are scanned are those of their entries", "[storage][codec]") {
  CHECK(keys::OpenStage(StageId{1}).row == keys::OpenStageRow());
  CHECK(keys::StagePoolEntry(StageId{1}, 2, 3).row == keys::StagePoolRow(StageId{1}));
  CHECK(keys::AssetNumberOf(Sha256("abc")).row == keys::AssetNumberRow(0xba));
  CHECK(keys::NameEntry("n", AssetNumber{1}).row == keys::NameRow("n"));
  CHECK(keys::EdgeChunk(StageId{1}, 2).row == keys::EdgeChunkRow(StageId{1}));
  CHECK(keys::PartyListEntry("p").row == keys::PartyListRow());
  CHECK(keys::AliasListEntry("a").row == keys::AliasListRow());
  CHECK(keys::AssetAliasEntry(AssetNumber{1}, "a").row == keys::AssetAliasRow(AssetNumber{1}));
  CHECK(keys::PartyAssetEntry("p", AssetNumber{1}).row == keys::PartyAssetRow("p"));
  CHECK(keys::ConsentEntry(AssetNumber{1}, "u:p").row == keys::ConsentRow(AssetNumber{1}));
}

TEST_CASE("keys: ascend with their numbers", "[storage][codec]") {
  const std::vector<std::uint64_t> numbers = {0,    1,     255,   256,      4095,
                                              4096, 65535, 65536, 1u << 24, std::uint64_t{1} << 40};
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const std::uint64_t low = numbers[i - 1];
    const std::uint64_t high = numbers[i];
    CAPTURE(low, high);
    CHECK(IsBefore(keys::LogEntry(LogPosition{low}), keys::LogEntry(LogPosition{high})));
    CHECK(IsBefore(keys::Derivation(LogPosition{low}), keys::Derivation(LogPosition{high})));
    CHECK(IsBefore(keys::AssetStateOf(AssetNumber{low}), keys::AssetStateOf(AssetNumber{high})));
    CHECK(IsBefore(keys::ConsumerHead(AssetNumber{low}), keys::ConsumerHead(AssetNumber{high})));
    CHECK(IsBefore(keys::Tile(1, low), keys::Tile(1, high)));
    CHECK(IsBefore(keys::PoolMembers(1, StageId{low}, 9), keys::PoolMembers(1, StageId{high}, 0)));
  }
}

}  // namespace
}  // namespace tributary
