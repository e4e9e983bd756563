// Words and limits that records of every kind share.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

// --- Words of sales and statements: settlement_records.h ---

// How several inputs of one role share the role's weight.
enum class RoleSharing : std::uint8_t { kEqual = 0, kByWeight };
// What becomes of a part that nobody is there to take.
enum class AbsentPart : std::uint8_t { kKept = 0, kUnattributed };
// Who gets the parts that have no source or no holder on record.
enum class UndisclosedRule : std::uint8_t { kHeld = 0, kAssetHolders, kSoldAssetHolders };
enum class UnclaimedRule : std::uint8_t { kHeld = 0, kSoldAssetHolders };
enum class EscrowOutcome : std::uint8_t { kPosted = 0, kVoided };
enum class AdjustmentMode : std::uint8_t { kProspective = 0, kCarriedForward, kReversal };
enum class HoldOutcome : std::uint8_t { kReleased = 0, kRerouted };
enum class PayoutState : std::uint8_t { kSent = 0, kSettled, kFailed };

// The names used in records, such as "model_checkpoint"; FromName gives nullopt for any other text.
std::string_view ToName(AssetKind kind);
std::string_view ToName(IdMethod method);
std::string_view ToName(Role role);
std::string_view ToName(Basis basis);
std::string_view ToName(ConsentUse use);
std::string_view ToName(ConsentStatus status);
std::string_view ToName(RoleSharing sharing);
std::string_view ToName(AbsentPart part);
std::string_view ToName(UndisclosedRule rule);
std::string_view ToName(UnclaimedRule rule);
std::string_view ToName(EscrowOutcome outcome);
std::string_view ToName(AdjustmentMode mode);
std::string_view ToName(HoldOutcome outcome);
std::string_view ToName(PayoutState state);
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

struct Holder {
  std::string party;
  std::uint64_t units = 0;
  friend bool operator==(const Holder&, const Holder&) = default;
};

}  // namespace tributary
