// Rows and columns of a ledger's store: the only place that builds keys.
//
// docs/formats/store.md lists every row with its value. Integers in keys are big-endian, so that
// their byte order is their order.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "graph/lineage/lineage_reader.h"
#include "graph/model/digest.h"
#include "graph/model/record_type.h"
#include "storage/store.h"

namespace tributary {

inline constexpr std::uint32_t kStoreFormatVersion = 2;

// Names one list of edges or lines that was staged before its record. Unique in its ledger.
struct StageId {
  std::uint64_t value = 0;
  friend auto operator<=>(const StageId&, const StageId&) = default;
};

// A key that owns its bytes.
struct OwnedKey {
  Family family;
  std::string row;
  std::string column;
  CellKey view() const { return {family, row, column}; }
};

std::string BigEndian64(std::uint64_t value);
std::string BigEndian32(std::uint32_t value);
std::uint64_t ReadBigEndian64(std::string_view bytes);  // at least 8 bytes
std::uint32_t ReadBigEndian32(std::string_view bytes);  // at least 4 bytes

namespace keys {

inline constexpr std::uint64_t kLogRowSize = 4096;     // positions in one log row
inline constexpr std::uint64_t kAssetPageSize = 4096;  // asset numbers in one pool page

// kMeta
OwnedKey Format();
OwnedKey Head();
OwnedKey OpenStage(StageId stage);
std::string OpenStageRow();
std::string StagePoolRow(StageId stage);  // where a stage's pool members stand
OwnedKey StagePoolEntry(StageId stage, std::uint64_t page, std::uint32_t run);
OwnedKey StageCounter();
OwnedKey Rebuilding();

// kLog, kRecord, kDetails, kTree
OwnedKey LogEntry(LogPosition position);
OwnedKey RecordPosition(const Digest& record_id);
OwnedKey Details(const Digest& details_digest);
OwnedKey Tile(std::uint32_t tile_level, std::uint64_t tile_index);

// kAsset
OwnedKey AssetNumberOf(const Digest& asset);
std::string AssetNumberRow(std::uint8_t first_byte);  // all assets whose id starts so
OwnedKey AssetStateOf(AssetNumber asset);
enum class VersionTag : char { kAsset = 'a', kDerivation = 'd', kHolders = 'h' };
OwnedKey AssetVersion(VersionTag tag, AssetNumber asset, std::uint32_t version);
std::string NameRow(std::string_view name);
OwnedKey NameEntry(std::string_view name, AssetNumber asset);

// kUpstream
OwnedKey Derivation(LogPosition position);
OwnedKey EdgeChunk(StageId stage, std::uint32_t chunk);
std::string EdgeChunkRow(StageId stage);
OwnedKey LineList(LogPosition record);
OwnedKey LineChunk(StageId stage, std::uint32_t chunk);
std::string LineChunkRow(StageId stage);

// kDownstream
OwnedKey ConsumerHead(AssetNumber input);
OwnedKey ConsumerBlock(AssetNumber input, std::uint32_t block);
OwnedKey PoolHead(std::uint64_t page);
OwnedKey PoolMembers(std::uint64_t page, StageId stage, std::uint32_t run);

// kIdentity
OwnedKey IdentityHead(std::string_view identity);
OwnedKey IdentityVersion(std::string_view identity, std::uint32_t version);
// Positions of all records of one type, of those that have such lists.
OwnedKey RecordList(RecordType type);
OwnedKey RecordListBlock(RecordType type, std::uint32_t block);
std::string PartyListRow();
OwnedKey PartyListEntry(std::string_view party);
std::string AliasListRow();
OwnedKey AliasListEntry(std::string_view alias);
std::string AssetAliasRow(AssetNumber asset);
OwnedKey AssetAliasEntry(AssetNumber asset, std::string_view alias);
std::string PartyAssetRow(std::string_view party);
OwnedKey PartyAssetEntry(std::string_view party, AssetNumber asset);
std::string ConsentRow(AssetNumber asset);
OwnedKey ConsentEntry(AssetNumber asset, std::string_view use_and_party);

}  // namespace keys
}  // namespace tributary
