// Enums of the wire and of the model. Zero on the wire is "unspecified", which the model has not.

#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "graph/model/record.h"
#include "tributary/v1/settlement_types.pb.h"
#include "tributary/v1/types.pb.h"

namespace tributary::server {

inline v1::AssetKind ToProto(AssetKind kind) {
  return static_cast<v1::AssetKind>(static_cast<int>(kind) + 1);
}
inline v1::IdMethod ToProto(IdMethod method) {
  return static_cast<v1::IdMethod>(static_cast<int>(method) + 1);
}
inline v1::Role ToProto(Role role) { return static_cast<v1::Role>(static_cast<int>(role) + 1); }
inline v1::Basis ToProto(Basis basis) {
  return static_cast<v1::Basis>(static_cast<int>(basis) + 1);
}
inline v1::ConsentUse ToProto(ConsentUse use) {
  return static_cast<v1::ConsentUse>(static_cast<int>(use) + 1);
}
inline v1::ConsentStatus ToProto(ConsentStatus status) {
  return static_cast<v1::ConsentStatus>(static_cast<int>(status) + 1);
}
inline v1::RoleSharing ToProto(RoleSharing sharing) {
  return static_cast<v1::RoleSharing>(static_cast<int>(sharing) + 1);
}
inline v1::AbsentPart ToProto(AbsentPart part) {
  return static_cast<v1::AbsentPart>(static_cast<int>(part) + 1);
}
inline v1::UndisclosedRule ToProto(UndisclosedRule rule) {
  return static_cast<v1::UndisclosedRule>(static_cast<int>(rule) + 1);
}
inline v1::UnclaimedRule ToProto(UnclaimedRule rule) {
  return static_cast<v1::UnclaimedRule>(static_cast<int>(rule) + 1);
}
inline v1::EscrowOutcome ToProto(EscrowOutcome outcome) {
  return static_cast<v1::EscrowOutcome>(static_cast<int>(outcome) + 1);
}
inline v1::AdjustmentMode ToProto(AdjustmentMode mode) {
  return static_cast<v1::AdjustmentMode>(static_cast<int>(mode) + 1);
}
inline v1::HoldOutcome ToProto(HoldOutcome outcome) {
  return static_cast<v1::HoldOutcome>(static_cast<int>(outcome) + 1);
}
inline v1::PayoutStatus ToProto(PayoutState state) {
  return static_cast<v1::PayoutStatus>(static_cast<int>(state) + 1);
}

// Errors: kInvalidArgument naming `field`: unspecified, or a number that this version does not
// know.
absl::StatusOr<AssetKind> FromProto(v1::AssetKind kind, std::string_view field);
absl::StatusOr<IdMethod> FromProto(v1::IdMethod method, std::string_view field);
absl::StatusOr<Role> FromProto(v1::Role role, std::string_view field);
absl::StatusOr<Basis> FromProto(v1::Basis basis, std::string_view field);  // unspecified: declared
absl::StatusOr<ConsentUse> FromProto(v1::ConsentUse use, std::string_view field);
absl::StatusOr<ConsentStatus> FromProto(v1::ConsentStatus status, std::string_view field);
absl::StatusOr<RoleSharing> FromProto(v1::RoleSharing sharing, std::string_view field);
absl::StatusOr<AbsentPart> FromProto(v1::AbsentPart part, std::string_view field);
absl::StatusOr<UndisclosedRule> FromProto(v1::UndisclosedRule rule, std::string_view field);
absl::StatusOr<UnclaimedRule> FromProto(v1::UnclaimedRule rule, std::string_view field);
absl::StatusOr<EscrowOutcome> FromProto(v1::EscrowOutcome outcome, std::string_view field);
absl::StatusOr<AdjustmentMode> FromProto(v1::AdjustmentMode mode, std::string_view field);
absl::StatusOr<HoldOutcome> FromProto(v1::HoldOutcome outcome, std::string_view field);
absl::StatusOr<PayoutState> FromProto(v1::PayoutStatus state, std::string_view field);

}  // namespace tributary::server
