// Values of rows: packed forms, each sealed with a checksum that covers its key.
//
// A value read back is exactly the value written under that key, or kDataLoss: a block that a disk
// or a bug has put in another place is noticed, not believed.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/model/record.h"
#include "graph/model/record_type.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace tributary {

inline constexpr std::size_t kSealSize = 8;  // bytes of SHA-256 over key and payload

std::string Seal(const CellKey& key, std::string_view payload);
// The payload. Errors: kDataLoss naming the row.
absl::StatusOr<std::string_view> Unseal(const CellKey& key, std::string_view value);

// Appends and takes integers in LEB128 and bytes; a reader past its end, or left over, is an error.
class RowWriter {
 public:
  void Varint(std::uint64_t value);
  void Byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void Bytes(std::string_view bytes) { bytes_.append(bytes); }
  void Fixed64(std::uint64_t value) { bytes_.append(BigEndian64(value)); }
  std::string Take() { return std::move(bytes_); }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::string bytes_;
};

class RowReader {
 public:
  explicit RowReader(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t Varint();
  std::uint32_t Varint32();  // more than 32 bits are an error
  std::uint8_t Byte();
  std::string_view Bytes(std::size_t size);
  std::uint64_t Fixed64();
  Digest TakeDigest();
  std::string_view Rest();
  bool ok() const { return ok_; }
  // Whether everything was read, and nothing beyond.
  bool Finished() const { return ok_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

absl::Status DamagedRow(const CellKey& key, std::string_view what);

// A row that another row counts on is not there.
absl::Status MissingRow(const OwnedKey& key);

// What was decoded from a row's payload, or an error that names the row.
template <typename T>
absl::StatusOr<T> Decoded(std::optional<T> decoded, const OwnedKey& key) {
  if (!decoded.has_value()) return DamagedRow(key.view(), "its content can not be read");
  return *std::move(decoded);
}

// One entry of the log.
struct LogEntryRow {
  Digest record_id;
  TimeMs time;
  std::string record_bytes;
};
std::string EncodeLogEntry(const Digest& record_id, TimeMs time, std::string_view record_bytes);
std::optional<LogEntryRow> DecodeLogEntry(std::string_view payload);
// The 40 bytes of leaf data: record id and time.
std::string LeafData(const Digest& record_id, TimeMs time);

struct HeadRow {
  TreeSize tree_size;
  Digest root;
  TimeMs time;                                                  // of the last entry
  std::uint64_t sequence = 0;                                   // of commits
  std::uint64_t asset_count = 0;                                // distinct assets
  std::uint64_t edge_count = 0;                                 // of all edge lists
  std::array<std::uint64_t, kRecordTypeCount> record_counts{};  // by index in RecordBody
  friend bool operator==(const HeadRow&, const HeadRow&) = default;
};
std::string EncodeHead(const HeadRow& head);
std::optional<HeadRow> DecodeHead(std::string_view payload);
// As version 1 of the store's format wrote it: counts of the first seven types, without their
// number.
std::string EncodeHeadV1(const HeadRow& head);
std::optional<HeadRow> DecodeHeadV1(std::string_view payload);

// How many records one identity has had, and where the newest stands. Older ones have version rows.
struct VersionHead {
  std::uint32_t count = 0;
  LogPosition newest;
  friend bool operator==(const VersionHead&, const VersionHead&) = default;
};

struct AssetStateRow {
  Digest id;
  AssetKind kind = AssetKind::kUnknown;  // of the newest record
  VersionHead asset;
  VersionHead derivation;
  VersionHead holders;
  std::uint64_t alias_count = 0;    // aliases that ever pointed here
  std::uint64_t consent_count = 0;  // consents, by use and party
  friend bool operator==(const AssetStateRow&, const AssetStateRow&) = default;
};
std::string EncodeAssetState(const AssetStateRow& state);
std::optional<AssetStateRow> DecodeAssetState(std::string_view payload);

std::string EncodeVersionHead(const VersionHead& head);
std::optional<VersionHead> DecodeVersionHead(std::string_view payload);

std::string EncodePosition(std::uint64_t position);
std::optional<std::uint64_t> DecodePosition(std::string_view payload);

// --- Edge lists ---

// Lists up to this many edges stand in their derivation's own row; longer ones in chunks of this
// many, each but the last full, so that a chunk is one subtree of the tree under edges_root.
inline constexpr std::size_t kEdgeChunkLevel = 12;
inline constexpr std::size_t kEdgeChunkSize = std::size_t{1} << kEdgeChunkLevel;

struct DerivationRow {
  AssetNumber generated;
  std::uint64_t retained = 0;
  std::uint64_t unattributed = 0;
  std::uint64_t edge_count = 0;
  std::uint64_t weight_sum = 0;
  std::optional<StageId> stage;  // where the chunks are; absent: `edges` follow inline
  EdgeList edges;
};
std::string EncodeDerivation(const DerivationRow& row);
std::optional<DerivationRow> DecodeDerivation(std::string_view payload);

// Packs edges [begin, end) of the list. The cumulative weight before `begin` is stated, so that a
// chunk's cumulative weights can be read alone.
void AppendEdges(const EdgeList& list, std::size_t begin, std::size_t end, RowWriter* out);
// Appends the packed edges to *list, whose last cumulative weight must be the one stated.
bool ReadEdges(RowReader* in, EdgeList* list);

struct EdgeChunkRow {
  Digest subtree_root;  // over the edge bytes of this chunk
  EdgeList edges;
};
std::string EncodeEdgeChunk(const Digest& subtree_root, const EdgeList& list, std::size_t begin,
                            std::size_t end);
// Appends the chunk's edges to *list.
std::optional<Digest> DecodeEdgeChunk(std::string_view payload, EdgeList* list);

// --- Lines of statements and adjustments ---

inline constexpr std::size_t kLineChunkSize = 256;  // lines in each chunk but the last
inline constexpr std::size_t kLineSizeMax = 4096;   // bytes; of two names of 320 and ten numbers
inline constexpr std::uint64_t kLineCountMax = std::uint64_t{1} << 26;

// Where the lines of one record stand.
struct LineListRow {
  StageId stage;
  std::uint64_t line_count = 0;
};
std::string EncodeLineList(const LineListRow& row);
std::optional<LineListRow> DecodeLineList(std::string_view payload);

std::string EncodeLineChunk(const std::vector<std::string>& lines);
std::optional<std::vector<std::string>> DecodeLineChunk(std::string_view payload);

// --- Lists of log positions that only grow ---

// Such as the derivations that used one asset, in the order of the log. The newest positions stand
// in the head; each full block of kPositionBlockSize has a row of its own. Read by point reads
// only.
inline constexpr std::size_t kPositionBlockSize = 128;

struct PositionListRow {
  std::uint64_t count = 0;          // of all positions, blocks included
  std::vector<std::uint64_t> tail;  // those behind the last full block, ascending
};
std::string EncodePositionList(const PositionListRow& row);
std::optional<PositionListRow> DecodePositionList(std::string_view payload);
std::string EncodeAscending(const std::vector<std::uint64_t>& values);
std::optional<std::vector<std::uint64_t>> DecodeAscending(std::string_view payload);

// --- Downstream ---

// Staged edge lists that use at least one asset of a page of asset numbers.
struct PoolEntry {
  StageId stage;
  LogPosition derivation;
  std::uint32_t run_count = 0;
};
std::string EncodePoolHead(const std::vector<PoolEntry>& entries);
std::optional<std::vector<PoolEntry>> DecodePoolHead(std::string_view payload);

}  // namespace tributary
