#include "graph/map/asset_in_force.h"

#include <string_view>

#include "graph/map/big_endian.h"

namespace tributary {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kKeyPrefix = "tributary/map/asset/v1\0"sv;
constexpr std::string_view kValuePrefix = "tributary/map/in_force/v1\0"sv;

void Append(const std::optional<PlacedRecord>& record, std::string* bytes) {
  bytes->push_back(record.has_value() ? '\x01' : '\x00');
  if (!record.has_value()) return;
  bytes->append(record->record.view());
  internal::AppendBigEndian64(record->position, bytes);
}

}  // namespace

MapKey AssetMapKey(const Digest& asset) { return {Sha256({kKeyPrefix, asset.view()})}; }

std::string AssetInForceBytes(const AssetInForce& in_force) {
  std::string bytes(kValuePrefix);
  Append(in_force.asset, &bytes);
  Append(in_force.derivation, &bytes);
  Append(in_force.holders, &bytes);
  return bytes;
}

MapEntry AssetMapEntry(const Digest& asset, const AssetInForce& in_force) {
  return {AssetMapKey(asset), Sha256(AssetInForceBytes(in_force))};
}

}  // namespace tributary
