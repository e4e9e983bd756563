#include "storage/keys.h"

#include "graph/model/check.h"

namespace tributary {

std::string BigEndian64(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (std::size_t i = 8; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  return bytes;
}

std::string BigEndian32(std::uint32_t value) {
  std::string bytes(4, '\0');
  for (std::size_t i = 4; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  return bytes;
}

std::uint64_t ReadBigEndian64(std::string_view bytes) {
  TRIBUTARY_CHECK(bytes.size() >= 8);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

std::uint32_t ReadBigEndian32(std::string_view bytes) {
  TRIBUTARY_CHECK(bytes.size() >= 4);
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

namespace keys {
namespace {

std::string Tagged(char tag, std::uint64_t number) { return tag + BigEndian64(number); }
std::string Tagged(char tag, const Digest& digest) { return tag + std::string(digest.view()); }

}  // namespace

OwnedKey Format() { return {Family::kMeta, "format", ""}; }
OwnedKey Head() { return {Family::kMeta, "head", ""}; }
std::string OpenStageRow() { return "stages"; }
OwnedKey OpenStage(StageId stage) {
  return {Family::kMeta, OpenStageRow(), BigEndian64(stage.value)};
}
std::string StagePoolRow(StageId stage) { return Tagged('u', stage.value); }
OwnedKey StagePoolEntry(StageId stage, std::uint64_t page, std::uint32_t run) {
  return {Family::kMeta, StagePoolRow(stage), BigEndian64(page) + BigEndian32(run)};
}
OwnedKey StageCounter() { return {Family::kMeta, "stage_counter", ""}; }
OwnedKey Rebuilding() { return {Family::kMeta, "rebuilding", ""}; }

OwnedKey LogEntry(LogPosition position) {
  return {Family::kLog, BigEndian64(position.value / kLogRowSize),
          BigEndian32(static_cast<std::uint32_t>(position.value % kLogRowSize)).substr(2)};
}
OwnedKey RecordPosition(const Digest& record_id) {
  return {Family::kRecord, std::string(record_id.view()), ""};
}
OwnedKey Details(const Digest& details_digest) {
  return {Family::kDetails, std::string(details_digest.view()), ""};
}
OwnedKey Tile(std::uint32_t tile_level, std::uint64_t tile_index) {
  return {Family::kTree, std::string(1, static_cast<char>(tile_level)), BigEndian64(tile_index)};
}

std::string AssetNumberRow(std::uint8_t first_byte) {
  return std::string{'i', static_cast<char>(first_byte)};
}
OwnedKey AssetNumberOf(const Digest& asset) {
  return {Family::kAsset, AssetNumberRow(asset.bytes[0]), std::string(asset.view().substr(1))};
}
OwnedKey AssetStateOf(AssetNumber asset) { return {Family::kAsset, Tagged('n', asset.value), ""}; }
OwnedKey AssetVersion(VersionTag tag, AssetNumber asset, std::uint32_t version) {
  return {Family::kAsset, Tagged('v', asset.value) + static_cast<char>(tag), BigEndian32(version)};
}
std::string NameRow(std::string_view name) { return Tagged('m', Sha256(name)); }
OwnedKey NameEntry(std::string_view name, AssetNumber asset) {
  return {Family::kAsset, NameRow(name), BigEndian64(asset.value)};
}

OwnedKey Derivation(LogPosition position) {
  return {Family::kUpstream, Tagged('d', position.value), ""};
}
std::string EdgeChunkRow(StageId stage) { return Tagged('c', stage.value); }
OwnedKey EdgeChunk(StageId stage, std::uint32_t chunk) {
  return {Family::kUpstream, EdgeChunkRow(stage), BigEndian32(chunk)};
}

OwnedKey LineList(LogPosition record) { return {Family::kUpstream, Tagged('s', record.value), ""}; }
std::string LineChunkRow(StageId stage) { return Tagged('l', stage.value); }
OwnedKey LineChunk(StageId stage, std::uint32_t chunk) {
  return {Family::kUpstream, LineChunkRow(stage), BigEndian32(chunk)};
}

OwnedKey ConsumerHead(AssetNumber input) {
  return {Family::kDownstream, Tagged('h', input.value), ""};
}
OwnedKey ConsumerBlock(AssetNumber input, std::uint32_t block) {
  return {Family::kDownstream, Tagged('b', input.value), BigEndian32(block)};
}
OwnedKey PoolHead(std::uint64_t page) { return {Family::kDownstream, Tagged('p', page), ""}; }
OwnedKey PoolMembers(std::uint64_t page, StageId stage, std::uint32_t run) {
  return {Family::kDownstream, Tagged('q', page), BigEndian64(stage.value) + BigEndian32(run)};
}

OwnedKey IdentityHead(std::string_view identity) {
  return {Family::kIdentity, Tagged('h', Sha256(identity)), ""};
}
OwnedKey IdentityVersion(std::string_view identity, std::uint32_t version) {
  return {Family::kIdentity, Tagged('v', Sha256(identity)), BigEndian32(version)};
}
OwnedKey RecordList(RecordType type) {
  return {Family::kIdentity, std::string{'t', static_cast<char>(type.index)}, ""};
}
OwnedKey RecordListBlock(RecordType type, std::uint32_t block) {
  return {Family::kIdentity, std::string{'b', static_cast<char>(type.index)}, BigEndian32(block)};
}
std::string PartyListRow() { return "parties"; }
OwnedKey PartyListEntry(std::string_view party) {
  return {Family::kIdentity, PartyListRow(), std::string(party)};
}
std::string AliasListRow() { return "aliases"; }
OwnedKey AliasListEntry(std::string_view alias) {
  return {Family::kIdentity, AliasListRow(), std::string(alias)};
}
std::string AssetAliasRow(AssetNumber asset) { return Tagged('x', asset.value); }
OwnedKey AssetAliasEntry(AssetNumber asset, std::string_view alias) {
  return {Family::kIdentity, AssetAliasRow(asset), std::string(alias)};
}
std::string PartyAssetRow(std::string_view party) { return Tagged('o', Sha256(party)); }
OwnedKey PartyAssetEntry(std::string_view party, AssetNumber asset) {
  return {Family::kIdentity, PartyAssetRow(party), BigEndian64(asset.value)};
}
std::string ConsentRow(AssetNumber asset) { return Tagged('c', asset.value); }
OwnedKey ConsentEntry(AssetNumber asset, std::string_view use_and_party) {
  return {Family::kIdentity, ConsentRow(asset), std::string(use_and_party)};
}

}  // namespace keys
}  // namespace tributary
