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

}  // namespace tributary::server
