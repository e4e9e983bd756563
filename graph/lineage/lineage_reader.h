// The port through which lineage is read: one call for a whole frontier of assets.
//
// Declared by its consumer (collection, traversal, attribution) and implemented in storage/.

#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/digest.h"
#include "graph/model/record.h"

namespace tributary {

// An asset's dense number within its ledger: the log position of its first record. Small enough for
// arrays, and says by itself from which tree size on the asset exists.
struct AssetNumber {
  std::uint64_t value = 0;
  friend auto operator<=>(const AssetNumber&, const AssetNumber&) = default;
  template <typename H>
  friend H AbslHashValue(H state, AssetNumber number) {
    return H::combine(std::move(state), number.value);
  }
};

struct LogPosition {
  std::uint64_t value = 0;
  friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};

// The number of leaves of the log that a read answers at.
struct TreeSize {
  std::uint64_t value = 0;
  friend auto operator<=>(const TreeSize&, const TreeSize&) = default;
};

// The edges of one derivation, immutable and shared between readers. Parallel arrays of equal
// length in ascending order of the inputs' asset ids.
struct EdgeList {
  std::vector<AssetNumber> inputs;
  std::vector<std::uint64_t> cumulative_weights;
  std::vector<Role> roles;
  std::vector<Basis> bases;

  std::size_t count() const { return inputs.size(); }
  std::uint64_t weight(std::size_t i) const {
    return cumulative_weights[i] - (i == 0 ? 0 : cumulative_weights[i - 1]);
  }
};

// A derivation in force. `edges` is complete: its count, order and sum of weights were checked
// against the derivation's record before it was handed out.
struct DerivationView {
  LogPosition position;
  std::uint64_t retained = 0;
  std::uint64_t unattributed = 0;
  std::uint64_t denominator = 1;
  std::shared_ptr<const EdgeList> edges;
};

// The holders of one asset, ascending party id, shared between readers; null: none is recorded.
// Lists of equal content may be one object.
using HolderList = std::shared_ptr<const std::vector<Holder>>;

// What is known of one asset without reading its derivation.
struct AssetClass {
  AssetKind kind = AssetKind::kUnknown;
  bool is_derived = false;   // a derivation is in force
  bool has_holders = false;  // holders are in force
};

// Reads one state of one ledger: everything answers as of tree_size(). Any thread may call.
// Errors of every method: kDataLoss (stored bytes are damaged or incomplete), kUnavailable,
// kCancelled and kDeadlineExceeded (the request's token says so), kInternal (an asset number that
// the ledger never gave out).
class LineageReader {
 public:
  virtual ~LineageReader() = default;

  virtual TreeSize tree_size() const = 0;

  // Shape: (*classes)[i] belongs to assets[i]. Cost: about one memory access each when warm.
  virtual absl::Status Classify(std::span<const AssetNumber> assets,
                                std::vector<AssetClass>* classes) const = 0;

  // The derivations in force of assets that Classify called derived, kResourceExhausted where they
  // have more than edge_count_max edges in all: found before their lists are in memory.
  // Shape: (*derivations)[i] belongs to assets[i].
  virtual absl::Status ReadDerivations(std::span<const AssetNumber> assets,
                                       std::size_t edge_count_max,
                                       std::vector<DerivationView>* derivations) const = 0;

  // The holders in force.
  // Shape: (*holders)[i] belongs to assets[i].
  virtual absl::Status ReadHolders(std::span<const AssetNumber> assets,
                                   std::vector<HolderList>* holders) const = 0;

  // The asset ids behind the numbers.
  virtual absl::Status ReadAssetIds(std::span<const AssetNumber> assets,
                                    std::vector<Digest>* ids) const = 0;

  // The assets generated from `input` by derivations in force at this tree size, ascending number,
  // each once. At most `count_max` (kResourceExhausted above).
  virtual absl::Status ReadConsumers(AssetNumber input, std::size_t count_max,
                                     std::vector<AssetNumber>* generated) const = 0;
};

}  // namespace tributary
