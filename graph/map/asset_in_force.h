// What the map of a ledger says of an asset: the records in force of it, as one key and one value.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "graph/map/map_entry.h"
#include "graph/model/digest.h"

namespace tributary {

// A record and its place in the log. The position says which leaf an inclusion proof must be of,
// and that it stands below the state that it is in force at.
struct PlacedRecord {
  Digest record;
  std::uint64_t position = 0;
  friend auto operator<=>(const PlacedRecord&, const PlacedRecord&) = default;
};

// The records in force of one asset: all that shares are computed from. What is absent was never
// recorded; nothing here stands for "not known".
struct AssetInForce {
  PlacedRecord asset;
  std::optional<PlacedRecord> derivation;
  std::optional<PlacedRecord> holders;
  friend auto operator<=>(const AssetInForce&, const AssetInForce&) = default;
};

// The key of an asset: SHA-256("tributary/map/asset/v1" || 0x00 || asset id). Keys of other things
// would have another text, so that nobody can choose an asset id that gives one of them.
MapKey AssetMapKey(const Digest& asset);

// The bytes whose SHA-256 is the value: "tributary/map/in_force/v1" || 0x00, then for asset record,
// derivation and holders each 0x01, record id and position (8 bytes, big-endian), or 0x00.
std::string AssetInForceBytes(const AssetInForce& in_force);

MapEntry AssetMapEntry(const Digest& asset, const AssetInForce& in_force);

}  // namespace tributary
