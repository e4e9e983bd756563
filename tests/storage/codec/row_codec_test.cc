#include "storage/row_codec.h"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

constexpr std::uint64_t kNumberMax = std::numeric_limits<std::uint64_t>::max();

// Of any order of magnitude.
std::uint64_t RandomNumber(test::Rng& rng) { return rng() >> rng.Below(64); }
Digest RandomDigest(test::Rng& rng) { return Sha256(std::to_string(rng())); }

std::string RandomBytes(test::Rng& rng, std::size_t size_max) {
  std::string bytes(rng.Below(size_max + 1), '\0');
  for (char& c : bytes) c = static_cast<char>(rng());
  return bytes;
}

bool Same(const EdgeList& a, const EdgeList& b) {
  return a.inputs == b.inputs && a.cumulative_weights == b.cumulative_weights &&
         a.roles == b.roles && a.bases == b.bases;
}

// Uniform lists take the short forms, so each property is uniform half of the time.
EdgeList RandomEdges(test::Rng& rng, std::size_t count) {
  const bool one_role = rng.OneIn(2), one_basis = rng.OneIn(2), one_weight = rng.OneIn(2);
  const std::uint64_t role = rng.Below(kRoleCount), basis = rng.Below(kBasisCount);
  const std::uint64_t weight_max = (rng() >> 1) >> rng.Below(63);
  const std::uint64_t weight = weight_max / (count + 1);
  const std::uint64_t shift = rng.Below(64);
  EdgeList list;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < count; ++i) {
    list.inputs.push_back(AssetNumber{rng() >> shift});
    list.roles.push_back(static_cast<Role>(one_role ? role : rng.Below(kRoleCount)));
    list.bases.push_back(static_cast<Basis>(one_basis ? basis : rng.Below(kBasisCount)));
    cumulative += one_weight ? weight : rng.Below(weight + 1);
    list.cumulative_weights.push_back(cumulative);
  }
  return list;
}

EdgeList Slice(const EdgeList& list, std::size_t begin, std::size_t end) {
  EdgeList part;
  for (std::size_t i = begin; i < end; ++i) {
    part.inputs.push_back(list.inputs[i]);
    part.cumulative_weights.push_back(list.cumulative_weights[i]);
    part.roles.push_back(list.roles[i]);
    part.bases.push_back(list.bases[i]);
  }
  return part;
}

// --- Seals ---

const OwnedKey& SealedKey() {
  static const OwnedKey key{Family::kAsset, std::string("n\0\x01", 3), "column"};
  return key;
}

TEST_CASE("seal: gives the payload back under its own key", "[storage][codec]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 500; ++trial) {
    const std::string payload = RandomBytes(rng, 300);
    const std::string sealed = Seal(SealedKey().view(), payload);
    REQUIRE(sealed.size() == payload.size() + kSealSize);
    const auto unsealed = Unseal(SealedKey().view(), sealed);
    REQUIRE_OK(unsealed);
    REQUIRE(*unsealed == payload);
  }
}

TEST_CASE("seal: any single bit, and any cut, is noticed", "[storage][codec]") {
  const std::string sealed = Seal(SealedKey().view(), "a payload of 24 bytes...");
  for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    std::string flipped = sealed;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    CAPTURE(bit);
    REQUIRE(Unseal(SealedKey().view(), flipped).status().code() == absl::StatusCode::kDataLoss);
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    CAPTURE(size);
    REQUIRE_FALSE(Unseal(SealedKey().view(), sealed.substr(0, size)).ok());
    REQUIRE_FALSE(Unseal(SealedKey().view(), sealed.substr(sealed.size() - size)).ok());
  }
  CHECK_STATUS(Unseal(SealedKey().view(), sealed + '\0'), absl::StatusCode::kDataLoss);
}

TEST_CASE("seal: a value in another cell is noticed", "[storage][codec]") {
  const std::string payload = "payload";
  const OwnedKey key{Family::kAsset, "row", "column"};
  const std::string sealed = Seal(key.view(), payload);
  const std::vector<OwnedKey> others = {
      {Family::kUpstream, "row", "column"}, {Family::kAsset, "roW", "column"},
      {Family::kAsset, "row", "columN"},    {Family::kAsset, "ro", "wcolumn"},
      {Family::kAsset, "rowc", "olumn"},    {Family::kAsset, "rowcolumn", ""},
      {Family::kAsset, "row", ""},          {Family::kAsset, "row", "columnp"},
  };
  for (const OwnedKey& other : others) {
    CAPTURE(other.row, other.column);
    CHECK_STATUS(Unseal(other.view(), sealed), absl::StatusCode::kDataLoss);
  }
  // A byte that goes from the column to the payload leaves the bytes hashed in the same order.
  CHECK(Seal(OwnedKey{Family::kAsset, "row", "column"}.view(), "payload").substr(7) !=
        Seal(OwnedKey{Family::kAsset, "row", "columnp"}.view(), "ayload").substr(6));
}

TEST_CASE("seal: damage names the row", "[storage][codec]") {
  const auto damaged = Unseal(OwnedKey{Family::kMeta, "head", ""}.view(), "x");
  REQUIRE_FALSE(damaged.ok());
  CHECK(damaged.status().ToString().find("68656164") != std::string::npos);
}

// --- Integers ---

TEST_CASE("varint: the limits, in as few bytes as they need", "[storage][codec]") {
  struct KnownAnswer {
    std::uint64_t value;
    std::string bytes;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {0, std::string(1, '\0')},
      {127, "\x7f"},
      {128, "\x80\x01"},
      {300, "\xac\x02"},
      {16383, "\xff\x7f"},
      {kNumberMax, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
  }));
  RowWriter out;
  out.Varint(known.value);
  CHECK(out.Take() == known.bytes);
  RowReader in(known.bytes);
  CHECK(in.Varint() == known.value);
  CHECK(in.Finished());
}

TEST_CASE("row reader: beyond the end it gives zeros and says so", "[storage][codec]") {
  RowReader in("\x01");
  CHECK(in.Byte() == 1);
  CHECK(in.Finished());
  CHECK(in.Byte() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.Varint() == 0);
  CHECK(in.Fixed64() == 0);
  CHECK(in.TakeDigest() == Digest{});
  CHECK(in.Bytes(0).empty());
  CHECK_FALSE(in.Finished());

  RowReader endless("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01");
  endless.Varint();
  CHECK_FALSE(endless.ok());
}

// --- Rows ---

// One kind of payload: how a random one is made, and whether bytes are one. Decode also checks what
// every decoded value must keep.
struct Codec {
  std::string_view name;
  std::function<std::string(test::Rng&)> random_payload;
  std::function<bool(std::string_view)> decodes;
};

VersionHead RandomVersions(test::Rng& rng) {
  if (rng.OneIn(3)) return {};
  return {static_cast<std::uint32_t>(1 + (rng() >> 33)), LogPosition{RandomNumber(rng)}};
}

HeadRow RandomHead(test::Rng& rng) {
  HeadRow head{TreeSize{RandomNumber(rng)},
               RandomDigest(rng),
               TimeMs{RandomNumber(rng)},
               RandomNumber(rng),
               RandomNumber(rng),
               RandomNumber(rng),
               {}};
  for (auto& count : head.record_counts) count = RandomNumber(rng);
  return head;
}

AssetStateRow RandomState(test::Rng& rng) {
  return {RandomDigest(rng),   static_cast<AssetKind>(rng.Below(kAssetKindCount)),
          RandomVersions(rng), RandomVersions(rng),
          RandomVersions(rng), RandomNumber(rng),
          RandomNumber(rng)};
}

DerivationRow RandomDerivation(test::Rng& rng) {
  DerivationRow row;
  row.generated.value = RandomNumber(rng);
  row.retained = RandomNumber(rng);
  row.unattributed = RandomNumber(rng);
  row.edge_count = RandomNumber(rng);
  row.weight_sum = RandomNumber(rng);
  if (rng.OneIn(4))
    row.stage = StageId{RandomNumber(rng)};
  else
    row.edges = RandomEdges(rng, rng.Below(20));
  return row;
}

std::vector<std::uint64_t> RandomAscending(test::Rng& rng, std::size_t count) {
  std::vector<std::uint64_t> values;
  std::uint64_t value = rng.Below(1000);
  for (std::size_t i = 0; i < count; ++i) {
    values.push_back(value);
    value += 1 + (rng() >> 1 >> rng.Between(8, 63)) / (count + 1);
  }
  return values;
}

PositionListRow RandomConsumers(test::Rng& rng) {
  const std::uint64_t count = rng.Below(1'000);
  return {count, RandomAscending(rng, count % kPositionBlockSize)};
}

std::vector<PoolEntry> RandomPools(test::Rng& rng) {
  std::vector<PoolEntry> entries(rng.Below(6));
  for (PoolEntry& entry : entries) {
    entry = {StageId{RandomNumber(rng)}, LogPosition{RandomNumber(rng)},
             static_cast<std::uint32_t>(rng())};
  }
  return entries;
}

bool Keeps(const EdgeList& list) {
  const std::size_t count = list.count();
  if (list.cumulative_weights.size() != count || list.roles.size() != count ||
      list.bases.size() != count) {
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (list.cumulative_weights[i] > kWeightSumMax) return false;
    if (i > 0 && list.cumulative_weights[i] < list.cumulative_weights[i - 1]) return false;
    if (static_cast<std::size_t>(list.roles[i]) >= kRoleCount) return false;
    if (static_cast<std::size_t>(list.bases[i]) >= kBasisCount) return false;
  }
  return true;
}

std::vector<Codec> Codecs() {
  return {
      {"head", [](test::Rng& rng) { return EncodeHead(RandomHead(rng)); },
       [](std::string_view bytes) { return DecodeHead(bytes).has_value(); }},
      {"asset state", [](test::Rng& rng) { return EncodeAssetState(RandomState(rng)); },
       [](std::string_view bytes) {
         const auto state = DecodeAssetState(bytes);
         if (state) REQUIRE(static_cast<std::size_t>(state->kind) < kAssetKindCount);
         return state.has_value();
       }},
      {"version head", [](test::Rng& rng) { return EncodeVersionHead(RandomVersions(rng)); },
       [](std::string_view bytes) { return DecodeVersionHead(bytes).has_value(); }},
      {"position", [](test::Rng& rng) { return EncodePosition(RandomNumber(rng)); },
       [](std::string_view bytes) { return DecodePosition(bytes).has_value(); }},
      {"derivation", [](test::Rng& rng) { return EncodeDerivation(RandomDerivation(rng)); },
       [](std::string_view bytes) {
         const auto row = DecodeDerivation(bytes);
         if (row) REQUIRE(Keeps(row->edges));
         return row.has_value();
       }},
      {"edge chunk",
       [](test::Rng& rng) {
         const std::size_t count = rng.Below(30);
         return EncodeEdgeChunk(RandomDigest(rng), RandomEdges(rng, count), 0, count);
       },
       [](std::string_view bytes) {
         EdgeList list;
         const bool decoded = DecodeEdgeChunk(bytes, &list).has_value();
         if (decoded) REQUIRE(Keeps(list));
         return decoded;
       }},
      {"consumer head", [](test::Rng& rng) { return EncodePositionList(RandomConsumers(rng)); },
       [](std::string_view bytes) {
         const auto row = DecodePositionList(bytes);
         if (row) REQUIRE(row->tail.size() < kPositionBlockSize);
         return row.has_value();
       }},
      {"ascending",
       [](test::Rng& rng) { return EncodeAscending(RandomAscending(rng, rng.Below(200))); },
       [](std::string_view bytes) { return DecodeAscending(bytes).has_value(); }},
      {"pool head", [](test::Rng& rng) { return EncodePoolHead(RandomPools(rng)); },
       [](std::string_view bytes) { return DecodePoolHead(bytes).has_value(); }},
  };
}

TEST_CASE("rows: what was encoded is decoded", "[storage][codec][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 2'000; ++trial) {
    CAPTURE(rng.seed(), trial);
    const HeadRow head = RandomHead(rng);
    REQUIRE(DecodeHead(EncodeHead(head)) == head);
    const AssetStateRow state = RandomState(rng);
    REQUIRE(DecodeAssetState(EncodeAssetState(state)) == state);
    const VersionHead versions = RandomVersions(rng);
    REQUIRE(DecodeVersionHead(EncodeVersionHead(versions)) == versions);
    const std::uint64_t position = RandomNumber(rng);
    REQUIRE(DecodePosition(EncodePosition(position)) == position);

    const DerivationRow row = RandomDerivation(rng);
    const auto derivation = DecodeDerivation(EncodeDerivation(row));
    REQUIRE(derivation.has_value());
    REQUIRE(derivation->generated == row.generated);
    REQUIRE(derivation->retained == row.retained);
    REQUIRE(derivation->unattributed == row.unattributed);
    REQUIRE(derivation->edge_count == row.edge_count);
    REQUIRE(derivation->weight_sum == row.weight_sum);
    REQUIRE(derivation->stage == row.stage);
    REQUIRE(Same(derivation->edges, row.edges));

    const PositionListRow consumers = RandomConsumers(rng);
    const auto decoded = DecodePositionList(EncodePositionList(consumers));
    REQUIRE(decoded.has_value());
    REQUIRE(decoded->count == consumers.count);
    REQUIRE(decoded->tail == consumers.tail);
    const auto values = RandomAscending(rng, rng.Below(300));
    REQUIRE(DecodeAscending(EncodeAscending(values)) == values);

    const auto pools = RandomPools(rng);
    const auto entries = DecodePoolHead(EncodePoolHead(pools));
    REQUIRE(entries.has_value());
    REQUIRE(entries->size() == pools.size());
    for (std::size_t i = 0; i < pools.size(); ++i) {
      REQUIRE((*entries)[i].stage == pools[i].stage);
      REQUIRE((*entries)[i].derivation == pools[i].derivation);
      REQUIRE((*entries)[i].run_count == pools[i].run_count);
    }
  }
}

TEST_CASE("log entry: id, time and bytes; its leaf data are the first 40", "[storage][codec]") {
  const Digest id = Sha256("record");
  const TimeMs time{0x0102030405060708};
  const std::string payload = EncodeLogEntry(id, time, "{}");
  const auto row = DecodeLogEntry(payload);
  REQUIRE(row.has_value());
  CHECK(row->record_id == id);
  CHECK(row->time == time);
  CHECK(row->record_bytes == "{}");
  CHECK(LeafData(id, time) == std::string(id.view()) + "\x01\x02\x03\x04\x05\x06\x07\x08");
  CHECK(payload == LeafData(id, time) + "{}");
  for (std::size_t size = 0; size < 40; ++size) {
    CHECK_FALSE(DecodeLogEntry(payload.substr(0, size)).has_value());
  }
}

TEST_CASE("rows: a payload cut short or too long is refused", "[storage][codec][property]") {
  test::Rng rng = test::SeededRng();
  for (const Codec& codec : Codecs()) {
    for (int trial = 0; trial < 100; ++trial) {
      const std::string payload = codec.random_payload(rng);
      CAPTURE(codec.name, rng.seed(), trial, payload.size());
      REQUIRE(codec.decodes(payload));
      for (std::size_t size = 0; size < payload.size(); ++size) {
        REQUIRE_FALSE(codec.decodes(std::string_view(payload).substr(0, size)));
      }
      REQUIRE_FALSE(codec.decodes(payload + '\0'));
    }
  }
}

// Behind a seal such bytes do not come, so all that is asked is that nothing worse than an error
// happens. The sanitizer presets see more here.
TEST_CASE("rows: random and damaged payloads give an error or a sound value",
          "[storage][codec][property]") {
  test::Rng rng = test::SeededRng();
  int decoded_count = 0;
  for (const Codec& codec : Codecs()) {
    for (int trial = 0; trial < 4'000; ++trial) {
      std::string payload = rng.OneIn(3) ? RandomBytes(rng, 80) : codec.random_payload(rng);
      for (std::uint64_t i = rng.Below(4); i > 0 && !payload.empty(); --i) {
        payload[rng.Below(payload.size())] = static_cast<char>(rng.OneIn(3) ? 0xff : rng());
      }
      CAPTURE(codec.name, rng.seed(), trial);
      decoded_count += codec.decodes(payload) ? 1 : 0;
    }
  }
  CHECK(decoded_count > 1'000);
}

TEST_CASE("rows: a count that the payload can not hold reserves nothing", "[storage][codec]") {
  RowWriter huge;
  huge.Varint(kNumberMax);
  const std::string payload = huge.Take();
  CHECK_FALSE(DecodeAscending(payload).has_value());
  CHECK_FALSE(DecodePoolHead(payload).has_value());
  EdgeList list;
  RowReader in(payload);
  CHECK_FALSE(ReadEdges(&in, &list));
  CHECK(list.count() == 0);
}

// --- Edge lists ---

TEST_CASE("edges: any slice is packed and read back behind what came before",
          "[storage][codec][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 2'000; ++trial) {
    const EdgeList list = RandomEdges(rng, rng.Below(40));
    const std::size_t begin = rng.Below(list.count() + 1);
    const std::size_t end = rng.Between(begin, list.count());
    CAPTURE(rng.seed(), trial, begin, end);
    const std::string payload = EncodeEdgeChunk(Sha256("root"), list, begin, end);
    EdgeList read = Slice(list, 0, begin);
    REQUIRE(DecodeEdgeChunk(payload, &read) == Sha256("root"));
    REQUIRE(Same(read, Slice(list, 0, end)));
  }
}

TEST_CASE("edges: a chunk does not fit behind another cumulative weight", "[storage][codec]") {
  EdgeList list;
  for (std::uint64_t i = 0; i < 4; ++i) {
    list.inputs.push_back(AssetNumber{i});
    list.cumulative_weights.push_back(10 * (i + 1));
    list.roles.push_back(Role::kMember);
    list.bases.push_back(Basis::kDeclared);
  }
  const std::string second_half = EncodeEdgeChunk(Sha256("root"), list, 2, 4);
  EdgeList first_edge = Slice(list, 0, 1);
  CHECK_FALSE(DecodeEdgeChunk(second_half, &first_edge).has_value());
  EdgeList nothing;
  CHECK_FALSE(DecodeEdgeChunk(second_half, &nothing).has_value());
}

TEST_CASE("edges: a full chunk is read, one edge more is not", "[storage][codec]") {
  test::Rng rng = test::SeededRng();
  const EdgeList list = RandomEdges(rng, kEdgeChunkSize + 1);
  EdgeList full;
  CHECK(DecodeEdgeChunk(EncodeEdgeChunk(Sha256("r"), list, 0, kEdgeChunkSize), &full).has_value());
  CHECK(Same(full, Slice(list, 0, kEdgeChunkSize)));
  EdgeList above;
  CHECK_FALSE(DecodeEdgeChunk(EncodeEdgeChunk(Sha256("r"), list, 0, kEdgeChunkSize + 1), &above)
                  .has_value());
}

TEST_CASE("edges: a uniform list takes little more than its numbers", "[storage][codec]") {
  EdgeList list;
  for (std::uint64_t i = 0; i < kEdgeChunkSize; ++i) {
    list.inputs.push_back(AssetNumber{i * 3'000});  // below 2^24: three bytes each
    list.cumulative_weights.push_back(7 * (i + 1));
    list.roles.push_back(Role::kTrainingData);
    list.bases.push_back(Basis::kTemplate);
  }
  CHECK(EncodeEdgeChunk(Sha256("root"), list, 0, list.count()).size() ==
        32 + 2 + 1 + 1 + 1 + 1 + 1 + 3 * kEdgeChunkSize + 1);
}

}  // namespace
}  // namespace tributary
