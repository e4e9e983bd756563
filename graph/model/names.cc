// Names of the enums that stand in records.

#include <algorithm>
#include <array>

#include "graph/model/record.h"

namespace tributary {
namespace {

// Index = value of the enumerator.
constexpr std::array<std::string_view, kAssetKindCount> kKindNames = {
    "work", "dataset", "model_checkpoint", "prompt", "output", "other", "unknown"};
constexpr std::array<std::string_view, 5> kIdMethodNames = {"content", "files", "salted", "named",
                                                            "bare"};
constexpr std::array<std::string_view, kRoleCount> kRoleNames = {
    "training_data", "base_model", "adapter", "merged_model", "generator", "prompt",
    "reference",     "member",     "code",    "tool",         "other"};
constexpr std::array<std::string_view, kBasisCount> kBasisNames = {
    "measured", "contractual", "template", "declared", "none", "unknown"};
constexpr std::array<std::string_view, 3> kUseNames = {"training", "inference", "commercial"};
constexpr std::array<std::string_view, 3> kStatusNames = {"allowed", "objected", "constrained"};

template <typename Enum>
constexpr const auto& NamesOf() {
  if constexpr (std::is_same_v<Enum, AssetKind>)
    return kKindNames;
  else if constexpr (std::is_same_v<Enum, IdMethod>)
    return kIdMethodNames;
  else if constexpr (std::is_same_v<Enum, Role>)
    return kRoleNames;
  else if constexpr (std::is_same_v<Enum, Basis>)
    return kBasisNames;
  else if constexpr (std::is_same_v<Enum, ConsentUse>)
    return kUseNames;
  else
    return kStatusNames;
}

template <typename Enum>
std::string_view NameAt(Enum value) {
  return NamesOf<Enum>().at(static_cast<std::size_t>(value));
}

}  // namespace

std::string_view ToName(AssetKind kind) { return NameAt(kind); }
std::string_view ToName(IdMethod method) { return NameAt(method); }
std::string_view ToName(Role role) { return NameAt(role); }
std::string_view ToName(Basis basis) { return NameAt(basis); }
std::string_view ToName(ConsentUse use) { return NameAt(use); }
std::string_view ToName(ConsentStatus status) { return NameAt(status); }

template <typename Enum>
std::optional<Enum> FromName(std::string_view name) {
  const auto& names = NamesOf<Enum>();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

template <typename Enum>
std::string AllNames() {
  std::string all;
  for (const std::string_view name : NamesOf<Enum>()) {
    if (!all.empty()) all.push_back(' ');
    all.append(name);
  }
  return all;
}

#define TRIBUTARY_INSTANTIATE(Enum)                                   \
  template std::optional<Enum> FromName<Enum>(std::string_view name); \
  template std::string AllNames<Enum>();
TRIBUTARY_INSTANTIATE(AssetKind)
TRIBUTARY_INSTANTIATE(IdMethod)
TRIBUTARY_INSTANTIATE(Role)
TRIBUTARY_INSTANTIATE(Basis)
TRIBUTARY_INSTANTIATE(ConsentUse)
TRIBUTARY_INSTANTIATE(ConsentStatus)
#undef TRIBUTARY_INSTANTIATE

}  // namespace tributary
