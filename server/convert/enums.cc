#include "server/convert/enums.h"

#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary::server {
namespace {

// The two orders are one, shifted by the unspecified value: the ends prove it with the counts.
constexpr int Shifted(auto value) { return static_cast<int>(value) + 1; }
static_assert(Shifted(AssetKind::kWork) == v1::ASSET_KIND_WORK);
static_assert(Shifted(AssetKind::kDataset) == v1::ASSET_KIND_DATASET);
static_assert(Shifted(AssetKind::kModelCheckpoint) == v1::ASSET_KIND_MODEL_CHECKPOINT);
static_assert(Shifted(AssetKind::kPrompt) == v1::ASSET_KIND_PROMPT);
static_assert(Shifted(AssetKind::kOutput) == v1::ASSET_KIND_OUTPUT);
static_assert(Shifted(AssetKind::kOther) == v1::ASSET_KIND_OTHER);
static_assert(Shifted(AssetKind::kUnknown) == v1::ASSET_KIND_UNKNOWN);
static_assert(v1::AssetKind_ARRAYSIZE == kAssetKindCount + 1);

static_assert(Shifted(IdMethod::kContent) == v1::ID_METHOD_CONTENT);
static_assert(Shifted(IdMethod::kFiles) == v1::ID_METHOD_FILES);
static_assert(Shifted(IdMethod::kSalted) == v1::ID_METHOD_SALTED);
static_assert(Shifted(IdMethod::kNamed) == v1::ID_METHOD_NAMED);
static_assert(Shifted(IdMethod::kBare) == v1::ID_METHOD_BARE);

static_assert(Shifted(Role::kTrainingData) == v1::ROLE_TRAINING_DATA);
static_assert(Shifted(Role::kBaseModel) == v1::ROLE_BASE_MODEL);
static_assert(Shifted(Role::kAdapter) == v1::ROLE_ADAPTER);
static_assert(Shifted(Role::kMergedModel) == v1::ROLE_MERGED_MODEL);
static_assert(Shifted(Role::kGenerator) == v1::ROLE_GENERATOR);
static_assert(Shifted(Role::kPrompt) == v1::ROLE_PROMPT);
static_assert(Shifted(Role::kReference) == v1::ROLE_REFERENCE);
static_assert(Shifted(Role::kMember) == v1::ROLE_MEMBER);
static_assert(Shifted(Role::kCode) == v1::ROLE_CODE);
static_assert(Shifted(Role::kTool) == v1::ROLE_TOOL);
static_assert(Shifted(Role::kOther) == v1::ROLE_OTHER);
static_assert(v1::Role_ARRAYSIZE == kRoleCount + 1);

static_assert(Shifted(Basis::kMeasured) == v1::BASIS_MEASURED);
static_assert(Shifted(Basis::kContractual) == v1::BASIS_CONTRACTUAL);
static_assert(Shifted(Basis::kTemplate) == v1::BASIS_TEMPLATE);
static_assert(Shifted(Basis::kDeclared) == v1::BASIS_DECLARED);
static_assert(Shifted(Basis::kNone) == v1::BASIS_NONE);
static_assert(Shifted(Basis::kUnknown) == v1::BASIS_UNKNOWN);
static_assert(v1::Basis_ARRAYSIZE == kBasisCount + 1);

static_assert(Shifted(ConsentUse::kTraining) == v1::CONSENT_USE_TRAINING);
static_assert(Shifted(ConsentUse::kInference) == v1::CONSENT_USE_INFERENCE);
static_assert(Shifted(ConsentUse::kCommercial) == v1::CONSENT_USE_COMMERCIAL);
static_assert(Shifted(ConsentStatus::kAllowed) == v1::CONSENT_STATUS_ALLOWED);
static_assert(Shifted(ConsentStatus::kObjected) == v1::CONSENT_STATUS_OBJECTED);
static_assert(Shifted(ConsentStatus::kConstrained) == v1::CONSENT_STATUS_CONSTRAINED);

static_assert(Shifted(RoleSharing::kEqual) == v1::ROLE_SHARING_EQUAL);
static_assert(Shifted(RoleSharing::kByWeight) == v1::ROLE_SHARING_BY_WEIGHT);
static_assert(v1::RoleSharing_ARRAYSIZE == 3);

static_assert(Shifted(AbsentPart::kKept) == v1::ABSENT_PART_KEPT);
static_assert(Shifted(AbsentPart::kUnattributed) == v1::ABSENT_PART_UNATTRIBUTED);
static_assert(v1::AbsentPart_ARRAYSIZE == 3);

static_assert(Shifted(UndisclosedRule::kHeld) == v1::UNDISCLOSED_RULE_HELD);
static_assert(Shifted(UndisclosedRule::kAssetHolders) == v1::UNDISCLOSED_RULE_ASSET_HOLDERS);
static_assert(Shifted(UndisclosedRule::kSoldAssetHolders) ==
              v1::UNDISCLOSED_RULE_SOLD_ASSET_HOLDERS);
static_assert(v1::UndisclosedRule_ARRAYSIZE == 4);

static_assert(Shifted(UnclaimedRule::kHeld) == v1::UNCLAIMED_RULE_HELD);
static_assert(Shifted(UnclaimedRule::kSoldAssetHolders) == v1::UNCLAIMED_RULE_SOLD_ASSET_HOLDERS);
static_assert(v1::UnclaimedRule_ARRAYSIZE == 3);

static_assert(Shifted(EscrowOutcome::kPosted) == v1::ESCROW_OUTCOME_POSTED);
static_assert(Shifted(EscrowOutcome::kVoided) == v1::ESCROW_OUTCOME_VOIDED);
static_assert(v1::EscrowOutcome_ARRAYSIZE == 3);

static_assert(Shifted(AdjustmentMode::kProspective) == v1::ADJUSTMENT_MODE_PROSPECTIVE);
static_assert(Shifted(AdjustmentMode::kCarriedForward) == v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
static_assert(Shifted(AdjustmentMode::kReversal) == v1::ADJUSTMENT_MODE_REVERSAL);
static_assert(v1::AdjustmentMode_ARRAYSIZE == 4);

static_assert(Shifted(HoldOutcome::kReleased) == v1::HOLD_OUTCOME_RELEASED);
static_assert(Shifted(HoldOutcome::kRerouted) == v1::HOLD_OUTCOME_REROUTED);
static_assert(v1::HoldOutcome_ARRAYSIZE == 3);

static_assert(Shifted(PayoutState::kSent) == v1::PAYOUT_STATUS_SENT);
static_assert(Shifted(PayoutState::kSettled) == v1::PAYOUT_STATUS_SETTLED);
static_assert(Shifted(PayoutState::kFailed) == v1::PAYOUT_STATUS_FAILED);
static_assert(v1::PayoutStatus_ARRAYSIZE == 4);

template <typename Model>
absl::StatusOr<Model> Checked(int wire, int count, std::string_view field) {
  if (wire > 0 && wire < count) return static_cast<Model>(wire - 1);
  return InvalidField(field, wire == 0 ? "no value" : StrCat("the number ", wire),
                      AllNames<Model>());
}

}  // namespace

absl::StatusOr<AssetKind> FromProto(v1::AssetKind kind, std::string_view field) {
  return Checked<AssetKind>(kind, v1::AssetKind_ARRAYSIZE, field);
}
absl::StatusOr<IdMethod> FromProto(v1::IdMethod method, std::string_view field) {
  return Checked<IdMethod>(method, v1::IdMethod_ARRAYSIZE, field);
}
absl::StatusOr<Role> FromProto(v1::Role role, std::string_view field) {
  return Checked<Role>(role, v1::Role_ARRAYSIZE, field);
}
absl::StatusOr<Basis> FromProto(v1::Basis basis, std::string_view field) {
  if (basis == v1::BASIS_UNSPECIFIED) return Basis::kDeclared;
  return Checked<Basis>(basis, v1::Basis_ARRAYSIZE, field);
}
absl::StatusOr<ConsentUse> FromProto(v1::ConsentUse use, std::string_view field) {
  return Checked<ConsentUse>(use, v1::ConsentUse_ARRAYSIZE, field);
}
absl::StatusOr<ConsentStatus> FromProto(v1::ConsentStatus status, std::string_view field) {
  return Checked<ConsentStatus>(status, v1::ConsentStatus_ARRAYSIZE, field);
}
absl::StatusOr<RoleSharing> FromProto(v1::RoleSharing sharing, std::string_view field) {
  return Checked<RoleSharing>(sharing, v1::RoleSharing_ARRAYSIZE, field);
}
absl::StatusOr<AbsentPart> FromProto(v1::AbsentPart part, std::string_view field) {
  return Checked<AbsentPart>(part, v1::AbsentPart_ARRAYSIZE, field);
}
absl::StatusOr<UndisclosedRule> FromProto(v1::UndisclosedRule rule, std::string_view field) {
  return Checked<UndisclosedRule>(rule, v1::UndisclosedRule_ARRAYSIZE, field);
}
absl::StatusOr<UnclaimedRule> FromProto(v1::UnclaimedRule rule, std::string_view field) {
  return Checked<UnclaimedRule>(rule, v1::UnclaimedRule_ARRAYSIZE, field);
}
absl::StatusOr<EscrowOutcome> FromProto(v1::EscrowOutcome outcome, std::string_view field) {
  return Checked<EscrowOutcome>(outcome, v1::EscrowOutcome_ARRAYSIZE, field);
}
absl::StatusOr<AdjustmentMode> FromProto(v1::AdjustmentMode mode, std::string_view field) {
  return Checked<AdjustmentMode>(mode, v1::AdjustmentMode_ARRAYSIZE, field);
}
absl::StatusOr<HoldOutcome> FromProto(v1::HoldOutcome outcome, std::string_view field) {
  return Checked<HoldOutcome>(outcome, v1::HoldOutcome_ARRAYSIZE, field);
}
absl::StatusOr<PayoutState> FromProto(v1::PayoutStatus state, std::string_view field) {
  return Checked<PayoutState>(state, v1::PayoutStatus_ARRAYSIZE, field);
}

}  // namespace tributary::server
