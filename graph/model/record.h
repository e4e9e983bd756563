// Records: one immutable fact each, its canonical bytes and its identity.
//
// docs/formats/records.md is the schema of version 1. The structs here hold the same content as the
// bytes: Encode and Decode are inverse to each other on valid records.

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/digest.h"

namespace tributary {

// Limits of one record. Each is also stated in docs/formats/records.md.
inline constexpr std::size_t kLedgerNameSizeMax = 255;
inline constexpr std::size_t kPartyIdSizeMax = 255;
inline constexpr std::size_t kNameSizeMax = 1024;
inline constexpr std::size_t kLongTextSizeMax = 4096;
inline constexpr std::size_t kShortTextSizeMax = 255;
inline constexpr std::size_t kAttributeCountMax = 64;
inline constexpr std::size_t kAttributeKeySizeMax = 128;
inline constexpr std::size_t kAttributeValueSizeMax = 4096;
inline constexpr std::size_t kHolderCountMax = 4096;  // 4,096 holders of 290 bytes fit in 1.2 MiB
inline constexpr std::size_t kRecordSizeMax = 2u << 20;
inline constexpr std::uint64_t kWeightSumMax = (std::uint64_t{1} << 63) - 1;

enum class AssetKind : std::uint8_t {
  kWork = 0,
  kDataset = 1,
  kModelCheckpoint = 2,
  kPrompt = 3,
  kOutput = 4,
  kOther = 5,
  kUnknown = 6,
};
inline constexpr std::size_t kAssetKindCount = 7;

enum class IdMethod : std::uint8_t { kContent = 0, kFiles, kSalted, kNamed, kBare };

enum class Role : std::uint8_t {
  kTrainingData = 0,
  kBaseModel,
  kAdapter,
  kMergedModel,
  kGenerator,
  kPrompt,
  kReference,
  kMember,
  kCode,
  kTool,
  kOther,
};
inline constexpr std::size_t kRoleCount = 11;

enum class Basis : std::uint8_t {
  kMeasured = 0,
  kContractual,
  kTemplate,
  kDeclared,
  kNone,
  kUnknown,
};
inline constexpr std::size_t kBasisCount = 6;

enum class ConsentUse : std::uint8_t { kTraining = 0, kInference, kCommercial };
enum class ConsentStatus : std::uint8_t { kAllowed = 0, kObjected, kConstrained };

// The names used in records, such as "model_checkpoint"; FromName gives nullopt for any other text.
std::string_view ToName(AssetKind kind);
std::string_view ToName(IdMethod method);
std::string_view ToName(Role role);
std::string_view ToName(Basis basis);
std::string_view ToName(ConsentUse use);
std::string_view ToName(ConsentStatus status);
template <typename Enum>
std::optional<Enum> FromName(std::string_view name);
// All names of an enum, separated by spaces, for messages.
template <typename Enum>
std::string AllNames();

// POSIX milliseconds, years 1970 to 9999.
struct TimeMs {
  std::uint64_t value = 0;
  friend auto operator<=>(const TimeMs&, const TimeMs&) = default;
};
inline constexpr std::uint64_t kTimeMsMax = 253402300799999;  // 9999-12-31T23:59:59.999Z
std::string FormatTime(TimeMs time);                          // RFC 3339, UTC, three decimals
std::optional<TimeMs> ParseTime(std::string_view text);

using Attribute = std::pair<std::string, std::string>;

struct LedgerRecord {
  std::uint64_t epoch = 1;
  std::optional<TimeMs> created;
  friend bool operator==(const LedgerRecord&, const LedgerRecord&) = default;
};

struct PartyRecord {
  std::string party;
  std::string name;
  std::vector<Attribute> external_ids;
  std::vector<Attribute> attributes;
  friend bool operator==(const PartyRecord&, const PartyRecord&) = default;
};

struct NamedAs {
  std::string namespace_name;
  std::string name;
  std::string version;
  friend bool operator==(const NamedAs&, const NamedAs&) = default;
};
// The asset id of a thing whose bytes nobody here has.
Digest NamedAssetId(const NamedAs& named);

struct AssetRecord {
  Digest asset;
  AssetKind kind = AssetKind::kUnknown;
  IdMethod id_method = IdMethod::kBare;
  std::string name;
  std::string license;
  std::string media_type;
  std::vector<std::string> locations;
  std::optional<std::uint64_t> size;  // bytes
  std::optional<NamedAs> named_as;
  std::vector<Attribute> attributes;
  friend bool operator==(const AssetRecord&, const AssetRecord&) = default;
};

struct AliasRecord {
  std::string alias;
  Digest asset;
  friend bool operator==(const AliasRecord&, const AliasRecord&) = default;
};

struct Holder {
  std::string party;
  std::uint64_t units = 0;
  friend bool operator==(const Holder&, const Holder&) = default;
};

struct HoldersRecord {
  Digest asset;
  std::vector<Holder> holders;  // ascending party id
  friend bool operator==(const HoldersRecord&, const HoldersRecord&) = default;
};

struct ConsentRecord {
  Digest asset;
  std::string party;
  ConsentUse use = ConsentUse::kTraining;
  ConsentStatus status = ConsentStatus::kAllowed;
  std::string constraint;
  std::string source;
  friend bool operator==(const ConsentRecord&, const ConsentRecord&) = default;
};

struct Activity {
  std::string tool;
  std::optional<Digest> parameters_digest;
  std::optional<Digest> code_digest;
  std::string seed;
  std::optional<TimeMs> start;
  std::optional<TimeMs> end;
  bool IsEmpty() const { return *this == Activity{}; }
  friend bool operator==(const Activity&, const Activity&) = default;
};

// How the weights were found, when they came from an attribution method.
struct WeightMethod {
  std::string name;
  std::string version;
  std::string sign_convention;
  std::optional<Digest> scores_digest;
  friend bool operator==(const WeightMethod&, const WeightMethod&) = default;
};

// The importer or template that computed the weights.
struct ComputedBy {
  std::string name;
  std::string version;
  friend bool operator==(const ComputedBy&, const ComputedBy&) = default;
};

struct DerivationRecord {
  Digest generated;
  std::uint64_t edge_count = 0;
  Digest edges_root;
  std::uint64_t weight_sum = 0;
  std::uint64_t retained = 0;
  std::uint64_t unattributed = 0;
  std::optional<Activity> activity;
  std::optional<WeightMethod> method;
  std::optional<ComputedBy> computed_by;
  std::optional<TimeMs> effective_time;
  std::uint64_t denominator() const { return retained + unattributed + weight_sum; }
  friend bool operator==(const DerivationRecord&, const DerivationRecord&) = default;
};

using RecordBody = std::variant<LedgerRecord, PartyRecord, AssetRecord, AliasRecord, HoldersRecord,
                                ConsentRecord, DerivationRecord>;

struct Record {
  std::string ledger;
  std::optional<Digest> supersedes;
  std::optional<Digest> details_digest;
  std::optional<Digest> blind;
  RecordBody body;
  friend bool operator==(const Record&, const Record&) = default;
};

// "tributary/asset/v1" and so on.
std::string_view TypeName(const RecordBody& body);

// Brings lists into their canonical order (holders by party id; sets and pairs by their bytes).
// Repetitions stay, for Validate to refuse.
void SortLists(Record* record);

// Whether the record keeps every rule of its schema that can be seen from itself alone.
// Errors: kInvalidArgument, naming field, found and allowed.
absl::Status Validate(const Record& record);

// The canonical bytes. The record must be valid.
std::string EncodeRecord(const Record& record);
inline Digest RecordId(std::string_view canonical_bytes) { return Sha256(canonical_bytes); }

// The inverse. Refuses whatever EncodeRecord would not have written.
// Errors: kInvalidArgument.
absl::StatusOr<Record> DecodeRecord(std::string_view bytes);

// What the record is about, for "in force" and "supersedes": equal for two records of one identity,
// different for any others. Not for people.
std::string IdentityOf(const RecordBody& body);

// --- Edges of a derivation ---

struct Edge {
  Digest input;
  Role role = Role::kOther;
  std::uint64_t weight = 0;
  Basis basis = Basis::kDeclared;
  friend bool operator==(const Edge&, const Edge&) = default;
};

// Appends the canonical bytes of one edge, the leaf data of the tree under edges_root.
void AppendEdgeBytes(const Edge& edge, std::uint64_t cumulative_weight, std::string* out);

// Checks edges one by one as they stream past, in ascending order of input.
class EdgeChecker {
 public:
  explicit EdgeChecker(const Digest& generated) : generated_(generated) {}

  // On OK the edge is counted. Errors: kInvalidArgument (order, repetition, self-loop, basis, or
  // the sum of weights reaches 2^63). The message names the edge's index.
  absl::Status Add(const Edge& edge);

  std::uint64_t count() const { return count_; }
  std::uint64_t weight_sum() const { return weight_sum_; }

 private:
  Digest generated_;
  Digest last_input_;
  std::uint64_t count_ = 0;
  std::uint64_t weight_sum_ = 0;
};

// The numbers of a derivation: retained + unattributed + weight_sum in [1, 2^63), and an origin
// (no edges) retains everything.
absl::Status CheckWeights(std::uint64_t edge_count, std::uint64_t weight_sum,
                          std::uint64_t retained, std::uint64_t unattributed);

// Rules of single texts, for callers who have no record yet.
absl::Status CheckLedgerName(std::string_view name);
absl::Status CheckPartyId(std::string_view party, std::string_view field = "party");
absl::Status CheckAliasText(std::string_view alias);

}  // namespace tributary
