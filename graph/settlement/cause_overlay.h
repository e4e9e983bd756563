// A ledger's lineage with single later records laid over it: how a closed sale is valued anew for
// one cause, and for nothing else that was recorded since (docs/decisions/0013).

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/cancel.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

// What a record says of an asset.
enum class LineageAspect : std::uint8_t { kRecord = 0, kDerivation, kHolders };
inline constexpr std::size_t kLineageAspectCount = 3;

struct LineageChange {
  Digest asset;
  LineageAspect aspect = LineageAspect::kRecord;
};

// What a derivation, holders or asset record changes; nullopt for other records.
std::optional<LineageChange> ChangeOf(const RecordBody& body);

// What to ask SettlementReader::FindInForce for each aspect of an asset, in the order of
// LineageAspect.
std::array<RecordBody, kLineageAspectCount> AspectsOf(const Digest& asset);

// Records that are laid over the lineage: each says one aspect of one asset.
//
// Rule:   a sale valued at N sees, of each aspect of each asset,
//           the newest record laid over it that stands at N or above, if there is one; else
//           what was in force at N, of an asset that was recorded below N; else
//           what was in force where the asset came in: just above the first derivation, in the
//           order of Add, upstream of which the asset was then.
//         So the order of Add matters only for assets that N did not know, and a record laid over
//         changes nothing for sales that are valued above it: they see it, or what superseded it.
class LineageCauses {
 public:
  // As of the reader's tree size. `reader` outlives this.
  explicit LineageCauses(const SettlementReader& reader) : reader_(reader) {}

  // Lays over a record that changes the lineage. `oldest` is the smallest tree size that anything
  // will be read at. Errors: kDataLoss, its asset is not in the ledger; those of CollectUpstream.
  // Cost: of a derivation one collection, as of its own position.
  absl::Status Add(const LoggedRecord& cause, TreeSize oldest, const CollectLimits& limits,
                   const CancelToken* cancel);
  void Clear();

  bool empty() const { return laid_.empty(); }
  const SettlementReader& reader() const { return reader_; }

  // Whether anything is said of the asset elsewhere than in the state at `tree_size`.
  bool Touches(AssetNumber asset, TreeSize tree_size) const {
    return asset.value >= tree_size.value || laid_.contains(asset.value);
  }

  // The newest record laid over an aspect of an asset.
  std::optional<LogPosition> Newest(AssetNumber asset, LineageAspect aspect) const;

  // Where an aspect of an asset is read at a state; null: there, as ever.
  // Errors: kInternal, the asset was not recorded then, and no derivation brings it in.
  absl::StatusOr<const SettlementReader*> SourceOf(AssetNumber asset, LineageAspect aspect,
                                                   TreeSize state) const;

 private:
  absl::StatusOr<const SettlementReader*> ReaderAt(TreeSize tree_size);

  const SettlementReader& reader_;
  absl::flat_hash_map<std::uint64_t, std::array<std::optional<LogPosition>, kLineageAspectCount>>
      laid_;                                                             // by asset number
  absl::flat_hash_map<std::uint64_t, const SettlementReader*> came_in_;  // by asset number
  std::map<TreeSize, std::shared_ptr<const SettlementReader>> readers_;
};

// A settlement reader whose lineage has causes laid over it. All else is the base's. Its lineage
// answers what is upstream; ReadConsumers is refused.
class CauseOverlay final : public SettlementReader {
 public:
  // `base` is at a state of the causes' ledger. Both outlive this, and so do the causes the readers
  // that At gives.
  CauseOverlay(const SettlementReader& base, const LineageCauses& causes)
      : causes_(causes), base_(base), lineage_(base, causes) {}

  TreeSize tree_size() const override { return base_.tree_size(); }
  const LineageReader& lineage() const override { return lineage_; }
  absl::StatusOr<std::shared_ptr<const SettlementReader>> At(TreeSize tree_size) const override;
  absl::StatusOr<std::uint64_t> CountBefore(RecordType type, LogPosition end) const override;
  absl::StatusOr<std::vector<LogPosition>> ListPositions(RecordType type, std::uint64_t first,
                                                         std::size_t count_max) const override;
  absl::Status ReadRecords(std::span<const LogPosition> positions,
                           std::vector<LoggedRecord>* records) const override;
  absl::StatusOr<std::optional<LoggedRecord>> FindRecord(const Digest& id) const override;
  absl::StatusOr<std::optional<LoggedRecord>> FindInForce(const RecordBody& probe) const override;
  absl::StatusOr<std::optional<AssetNumber>> FindAsset(const Digest& asset) const override;
  // Of the lineage as it is laid over: at all tree sizes above a position, up to this one, the
  // asset by itself is as it is here. Position 0 where it is so at every tree size.
  absl::Status ReadLastChanges(std::span<const AssetNumber> assets,
                               std::vector<LogPosition>* positions) const override;
  absl::StatusOr<std::vector<std::string>> ReadLines(LogPosition record, std::uint64_t first,
                                                     std::size_t count_max) const override;

 private:
  class Lineage final : public LineageReader {
   public:
    Lineage(const SettlementReader& base, const LineageCauses& causes)
        : base_(base), causes_(causes) {}

    // Assets of later may be met, so numbers up to the causes' tree size.
    TreeSize tree_size() const override;
    absl::Status Classify(std::span<const AssetNumber> assets,
                          std::vector<AssetClass>* classes) const override;
    absl::Status ReadDerivations(std::span<const AssetNumber> assets, std::size_t edge_count_max,
                                 std::vector<DerivationView>* derivations) const override;
    absl::Status ReadHolders(std::span<const AssetNumber> assets,
                             std::vector<HolderList>* holders) const override;
    absl::Status ReadAssetIds(std::span<const AssetNumber> assets,
                              std::vector<Digest>* ids) const override;
    absl::Status ReadConsumers(AssetNumber input, std::size_t count_max,
                               std::vector<AssetNumber>* generated) const override;

   private:
    // Reads one aspect of each asset where it stands: read(lineage, assets, values).
    template <typename T, typename Read>
    absl::Status ReadAspect(LineageAspect aspect, std::span<const AssetNumber> assets,
                            std::vector<T>* values, const Read& read) const;

    const SettlementReader& base_;
    const LineageCauses& causes_;
  };

  // The position above which a touched asset is the same, given its id.
  absl::StatusOr<LogPosition> LastChange(AssetNumber asset, const Digest& id) const;

  const LineageCauses& causes_;
  std::shared_ptr<const SettlementReader> owned_;  // what base_ refers to, in readers made by At
  const SettlementReader& base_;
  Lineage lineage_;

  CauseOverlay(std::shared_ptr<const SettlementReader> base, const LineageCauses& causes)
      : causes_(causes), owned_(std::move(base)), base_(*owned_), lineage_(base_, causes) {}
};

}  // namespace tributary
