#include "storage/row_codec.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

std::string SealOf(const CellKey& key, std::string_view payload) {
  // Lengths keep a byte from moving between row, column and payload unnoticed.
  const char header[5] = {static_cast<char>(key.family), static_cast<char>(key.row.size()),
                          static_cast<char>(key.column.size() & 0xff),
                          static_cast<char>(key.column.size() >> 8), 1};
  const Digest digest =
      Sha256({std::string_view(header, sizeof(header)), key.row, key.column, payload});
  return std::string(digest.view().substr(0, kSealSize));
}

void WriteVersionHead(const VersionHead& head, RowWriter* out) {
  out->Varint(head.count);
  if (head.count > 0) out->Varint(head.newest.value);
}

VersionHead ReadVersionHead(RowReader* in) {
  VersionHead head;
  head.count = in->Varint32();
  if (head.count > 0) head.newest.value = in->Varint();
  return head;
}

template <typename T>
std::optional<T> IfFinished(const RowReader& in, T value) {
  if (!in.Finished()) return std::nullopt;
  return value;
}

}  // namespace

std::string Seal(const CellKey& key, std::string_view payload) {
  std::string sealed;
  sealed.reserve(payload.size() + kSealSize);
  sealed.append(payload);
  sealed.append(SealOf(key, payload));
  return sealed;
}

absl::StatusOr<std::string_view> Unseal(const CellKey& key, std::string_view value) {
  if (value.size() < kSealSize) return DamagedRow(key, "too short for its checksum");
  const std::string_view payload = value.substr(0, value.size() - kSealSize);
  if (SealOf(key, payload) != value.substr(payload.size())) {
    return DamagedRow(key, "checksum does not match");
  }
  return payload;
}

absl::Status DamagedRow(const CellKey& key, std::string_view what) {
  return absl::DataLossError(StrCat("stored row is damaged: family ", FamilyName(key.family),
                                    ", row ", absl::BytesToHexString(ToAbsl(key.row)), ", column ",
                                    absl::BytesToHexString(ToAbsl(key.column)), ": ", what));
}

absl::Status MissingRow(const OwnedKey& key) {
  return DamagedRow(key.view(), "the row is missing, though another row counts on it");
}

void RowWriter::Varint(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
}

std::uint64_t RowReader::Varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = Byte();
    if (!ok_) return 0;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  ok_ = false;
  return 0;
}

std::uint32_t RowReader::Varint32() {
  const std::uint64_t value = Varint();
  if (value > 0xffff'ffff) ok_ = false;
  return static_cast<std::uint32_t>(value);
}

std::uint8_t RowReader::Byte() {
  if (!ok_ || bytes_.empty()) {
    ok_ = false;
    return 0;
  }
  const auto byte = static_cast<std::uint8_t>(bytes_.front());
  bytes_.remove_prefix(1);
  return byte;
}

std::string_view RowReader::Bytes(std::size_t size) {
  if (!ok_ || bytes_.size() < size) {
    ok_ = false;
    return {};
  }
  const std::string_view taken = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  return taken;
}

std::uint64_t RowReader::Fixed64() {
  const std::string_view bytes = Bytes(8);
  return ok_ ? ReadBigEndian64(bytes) : 0;
}

Digest RowReader::TakeDigest() { return Digest::FromBytes(Bytes(kDigestSize)).value_or(Digest{}); }

std::string_view RowReader::Rest() { return Bytes(bytes_.size()); }

std::string LeafData(const Digest& record_id, TimeMs time) {
  return std::string(record_id.view()) + BigEndian64(time.value);
}

std::string EncodeLogEntry(const Digest& record_id, TimeMs time, std::string_view record_bytes) {
  return LeafData(record_id, time).append(record_bytes);
}

std::optional<LogEntryRow> DecodeLogEntry(std::string_view payload) {
  RowReader in(payload);
  LogEntryRow row;
  row.record_id = in.TakeDigest();
  row.time.value = in.Fixed64();
  row.record_bytes = std::string(in.Rest());
  return IfFinished(in, std::move(row));
}

namespace {

constexpr std::size_t kRecordTypeCountV1 = 7;  // up to derivations

void WriteHeadFigures(const HeadRow& head, RowWriter* out) {
  out->Varint(head.tree_size.value);
  out->Bytes(head.root.view());
  out->Varint(head.time.value);
  out->Varint(head.sequence);
  out->Varint(head.asset_count);
  out->Varint(head.edge_count);
}

HeadRow ReadHeadFigures(RowReader* in) {
  HeadRow head;
  head.tree_size.value = in->Varint();
  head.root = in->TakeDigest();
  head.time.value = in->Varint();
  head.sequence = in->Varint();
  head.asset_count = in->Varint();
  head.edge_count = in->Varint();
  return head;
}

}  // namespace

std::string EncodeHead(const HeadRow& head) {
  RowWriter out;
  WriteHeadFigures(head, &out);
  out.Varint(head.record_counts.size());
  for (const std::uint64_t count : head.record_counts) out.Varint(count);
  return out.Take();
}

std::optional<HeadRow> DecodeHead(std::string_view payload) {
  RowReader in(payload);
  HeadRow head = ReadHeadFigures(&in);
  // Fewer types: written before the others were known, of which there are none then.
  const std::uint64_t type_count = in.Varint();
  if (type_count > head.record_counts.size()) return std::nullopt;
  for (std::size_t i = 0; i < type_count; ++i) head.record_counts[i] = in.Varint();
  return IfFinished(in, head);
}

std::string EncodeHeadV1(const HeadRow& head) {
  RowWriter out;
  WriteHeadFigures(head, &out);
  for (std::size_t i = 0; i < kRecordTypeCountV1; ++i) out.Varint(head.record_counts[i]);
  return out.Take();
}

std::optional<HeadRow> DecodeHeadV1(std::string_view payload) {
  RowReader in(payload);
  HeadRow head = ReadHeadFigures(&in);
  for (std::size_t i = 0; i < kRecordTypeCountV1; ++i) head.record_counts[i] = in.Varint();
  return IfFinished(in, head);
}

std::string EncodeAssetState(const AssetStateRow& state) {
  RowWriter out;
  out.Bytes(state.id.view());
  out.Byte(static_cast<std::uint8_t>(state.kind));
  WriteVersionHead(state.asset, &out);
  WriteVersionHead(state.derivation, &out);
  WriteVersionHead(state.holders, &out);
  out.Varint(state.alias_count);
  out.Varint(state.consent_count);
  return out.Take();
}

std::optional<AssetStateRow> DecodeAssetState(std::string_view payload) {
  RowReader in(payload);
  AssetStateRow state;
  state.id = in.TakeDigest();
  const std::uint8_t kind = in.Byte();
  if (kind >= kAssetKindCount) return std::nullopt;
  state.kind = static_cast<AssetKind>(kind);
  state.asset = ReadVersionHead(&in);
  state.derivation = ReadVersionHead(&in);
  state.holders = ReadVersionHead(&in);
  state.alias_count = in.Varint();
  state.consent_count = in.Varint();
  return IfFinished(in, state);
}

std::string EncodeVersionHead(const VersionHead& head) {
  RowWriter out;
  WriteVersionHead(head, &out);
  return out.Take();
}

std::optional<VersionHead> DecodeVersionHead(std::string_view payload) {
  RowReader in(payload);
  const VersionHead head = ReadVersionHead(&in);
  return IfFinished(in, head);
}

std::string EncodePosition(std::uint64_t position) {
  RowWriter out;
  out.Varint(position);
  return out.Take();
}

std::optional<std::uint64_t> DecodePosition(std::string_view payload) {
  RowReader in(payload);
  const std::uint64_t position = in.Varint();
  return IfFinished(in, position);
}

// --- Edge lists ---
//
// Packed: count; flags; weight before; width of an asset number in bytes; roles (one, or one each);
// bases likewise; numbers, fixed width so that ten million decode in one pass; weights as varints
// (or one).

namespace {

constexpr std::uint8_t kOneRole = 1;
constexpr std::uint8_t kOneBasis = 2;
constexpr std::uint8_t kOneWeight = 4;

unsigned BytesFor(std::uint64_t value) {
  unsigned count = 1;
  while (count < 8 && value >> (8 * count) != 0) ++count;
  return count;
}

void AppendFixed(std::uint64_t value, unsigned width, RowWriter* out) {
  char bytes[8];
  for (unsigned i = 0; i < width; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  out->Bytes(std::string_view(bytes, width));
}

std::uint64_t LoadFixed(const char* bytes, unsigned width) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[i])) << (8 * i);
  }
  return value;
}

template <typename Enum>
void AppendNames(const std::vector<Enum>& values, std::size_t begin, std::size_t end, bool one,
                 RowWriter* out) {
  for (std::size_t i = begin; i < (one ? begin + 1 : end); ++i) {
    out->Byte(static_cast<std::uint8_t>(values[i]));
  }
}

template <typename Enum>
bool ReadNames(RowReader* in, std::size_t count, bool one, std::size_t enum_count,
               std::vector<Enum>* values) {
  const std::string_view bytes = in->Bytes(one ? 1 : count);
  if (!in->ok()) return false;
  for (const char byte : bytes) {
    if (static_cast<std::uint8_t>(byte) >= enum_count) return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    values->push_back(static_cast<Enum>(static_cast<std::uint8_t>(bytes[one ? 0 : i])));
  }
  return true;
}

template <typename T>
bool AllEqual(const std::vector<T>& values, std::size_t begin, std::size_t end) {
  return std::all_of(values.begin() + static_cast<std::ptrdiff_t>(begin),
                     values.begin() + static_cast<std::ptrdiff_t>(end),
                     [&](const T& value) { return value == values[begin]; });
}

}  // namespace

void AppendEdges(const EdgeList& list, std::size_t begin, std::size_t end, RowWriter* out) {
  const std::size_t count = end - begin;
  out->Varint(count);
  if (count == 0) return;
  std::uint8_t flags = 0;
  if (AllEqual(list.roles, begin, end)) flags |= kOneRole;
  if (AllEqual(list.bases, begin, end)) flags |= kOneBasis;
  bool one_weight = true;
  std::uint64_t number_max = 0;
  for (std::size_t i = begin; i < end; ++i) {
    one_weight = one_weight && list.weight(i) == list.weight(begin);
    number_max = std::max(number_max, list.inputs[i].value);
  }
  if (one_weight) flags |= kOneWeight;
  const unsigned width = BytesFor(number_max);
  out->Byte(flags);
  out->Varint(begin == 0 ? 0 : list.cumulative_weights[begin - 1]);
  out->Byte(static_cast<std::uint8_t>(width));
  AppendNames(list.roles, begin, end, (flags & kOneRole) != 0, out);
  AppendNames(list.bases, begin, end, (flags & kOneBasis) != 0, out);
  for (std::size_t i = begin; i < end; ++i) AppendFixed(list.inputs[i].value, width, out);
  for (std::size_t i = begin; i < (one_weight ? begin + 1 : end); ++i) out->Varint(list.weight(i));
}

bool ReadEdges(RowReader* in, EdgeList* list) {
  const std::uint64_t count = in->Varint();
  if (!in->ok() || count > kEdgeChunkSize) return false;
  if (count == 0) return true;
  const std::uint8_t flags = in->Byte();
  std::uint64_t cumulative = in->Varint();
  const unsigned width = in->Byte();
  if (!in->ok() || width < 1 || width > 8) return false;
  const std::uint64_t before =
      list->cumulative_weights.empty() ? 0 : list->cumulative_weights.back();
  if (cumulative != before) return false;
  if (!ReadNames(in, count, (flags & kOneRole) != 0, kRoleCount, &list->roles)) return false;
  if (!ReadNames(in, count, (flags & kOneBasis) != 0, kBasisCount, &list->bases)) return false;
  const std::string_view numbers = in->Bytes(count * width);
  if (!in->ok()) return false;
  for (std::size_t i = 0; i < count; ++i) {
    list->inputs.push_back(AssetNumber{LoadFixed(numbers.data() + i * width, width)});
  }
  std::uint64_t weight = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == 0 || (flags & kOneWeight) == 0) weight = in->Varint();
    if (weight > kWeightSumMax - cumulative) return false;
    cumulative += weight;
    list->cumulative_weights.push_back(cumulative);
  }
  return in->ok();
}

std::string EncodeDerivation(const DerivationRow& row) {
  RowWriter out;
  out.Varint(row.generated.value);
  out.Varint(row.retained);
  out.Varint(row.unattributed);
  out.Varint(row.edge_count);
  out.Varint(row.weight_sum);
  out.Byte(row.stage.has_value() ? 1 : 0);
  if (row.stage.has_value())
    out.Varint(row.stage->value);
  else
    AppendEdges(row.edges, 0, row.edges.count(), &out);
  return out.Take();
}

std::optional<DerivationRow> DecodeDerivation(std::string_view payload) {
  RowReader in(payload);
  DerivationRow row;
  row.generated.value = in.Varint();
  row.retained = in.Varint();
  row.unattributed = in.Varint();
  row.edge_count = in.Varint();
  row.weight_sum = in.Varint();
  if (in.Byte() != 0)
    row.stage = StageId{in.Varint()};
  else if (!ReadEdges(&in, &row.edges))
    return std::nullopt;
  return IfFinished(in, std::move(row));
}

std::string EncodeEdgeChunk(const Digest& subtree_root, const EdgeList& list, std::size_t begin,
                            std::size_t end) {
  RowWriter out;
  out.Bytes(subtree_root.view());
  AppendEdges(list, begin, end, &out);
  return out.Take();
}

std::optional<Digest> DecodeEdgeChunk(std::string_view payload, EdgeList* list) {
  RowReader in(payload);
  const Digest root = in.TakeDigest();
  if (!ReadEdges(&in, list)) return std::nullopt;
  return IfFinished(in, root);
}

// --- Downstream ---

std::string EncodeAscending(const std::vector<std::uint64_t>& values) {
  RowWriter out;
  out.Varint(values.size());
  std::uint64_t last = 0;
  for (const std::uint64_t value : values) {
    out.Varint(value - last);
    last = value;
  }
  return out.Take();
}

namespace {

bool ReadAscending(RowReader* in, std::vector<std::uint64_t>* values) {
  const std::uint64_t count = in->Varint();
  if (!in->ok() || count > keys::kAssetPageSize) return false;
  std::uint64_t value = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    value += in->Varint();
    values->push_back(value);
  }
  return in->ok();
}

}  // namespace

std::optional<std::vector<std::uint64_t>> DecodeAscending(std::string_view payload) {
  RowReader in(payload);
  std::vector<std::uint64_t> values;
  if (!ReadAscending(&in, &values)) return std::nullopt;
  return IfFinished(in, std::move(values));
}

std::string EncodePositionList(const PositionListRow& row) {
  RowWriter out;
  out.Varint(row.count);
  out.Bytes(EncodeAscending(row.tail));
  return out.Take();
}

std::optional<PositionListRow> DecodePositionList(std::string_view payload) {
  RowReader in(payload);
  PositionListRow row;
  row.count = in.Varint();
  if (!ReadAscending(&in, &row.tail)) return std::nullopt;
  if (row.count % kPositionBlockSize != row.tail.size()) return std::nullopt;
  return IfFinished(in, std::move(row));
}

// --- Lines ---

std::string EncodeLineList(const LineListRow& row) {
  RowWriter out;
  out.Varint(row.stage.value);
  out.Varint(row.line_count);
  return out.Take();
}

std::optional<LineListRow> DecodeLineList(std::string_view payload) {
  RowReader in(payload);
  LineListRow row;
  row.stage.value = in.Varint();
  row.line_count = in.Varint();
  return IfFinished(in, row);
}

std::string EncodeLineChunk(const std::vector<std::string>& lines) {
  RowWriter out;
  out.Varint(lines.size());
  for (const std::string& line : lines) {
    out.Varint(line.size());
    out.Bytes(line);
  }
  return out.Take();
}

std::optional<std::vector<std::string>> DecodeLineChunk(std::string_view payload) {
  RowReader in(payload);
  std::vector<std::string> lines;
  const std::uint64_t count = in.Varint();
  if (count > kLineChunkSize) return std::nullopt;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t size = in.Varint();
    lines.emplace_back(in.Bytes(size));
  }
  return IfFinished(in, std::move(lines));
}

// --- Downstream ---

std::string EncodePoolHead(const std::vector<PoolEntry>& entries) {
  RowWriter out;
  out.Varint(entries.size());
  for (const PoolEntry& entry : entries) {
    out.Varint(entry.stage.value);
    out.Varint(entry.derivation.value);
    out.Varint(entry.run_count);
  }
  return out.Take();
}

std::optional<std::vector<PoolEntry>> DecodePoolHead(std::string_view payload) {
  RowReader in(payload);
  const std::uint64_t count = in.Varint();
  std::vector<PoolEntry> entries;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    PoolEntry entry;
    entry.stage.value = in.Varint();
    entry.derivation.value = in.Varint();
    entry.run_count = in.Varint32();
    entries.push_back(entry);
  }
  return IfFinished(in, std::move(entries));
}

}  // namespace tributary
