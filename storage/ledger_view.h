// One state of one ledger, for reading: everything answers as of one tree size.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/merkle/merkle.h"
#include "graph/model/cancel.h"
#include "graph/model/record.h"
#include "storage/asset_pages.h"
#include "storage/fact.h"
#include "storage/row_codec.h"
#include "storage/store.h"

namespace tributary {

class LedgerCaches;
struct AssetIdPage;

// A record with its place.
struct StoredRecord {
  Digest id;
  LogPosition position;
  TimeMs accepted_time;
  std::string bytes;  // canonical, checked against id
  Record record;
};

// One asset as known at a tree size, without its record's text.
struct AssetSummaryView {
  AssetNumber number;
  Digest id;
  AssetClass state;
  LogPosition record_position;  // of the asset's record in force
};

// Immutable; any thread may call. Holds a snapshot of the store while it lives: keep it for one
// request, not longer. All list methods are bounded by the counts given.
class LedgerView final : public LineageReader, public SubtreeReader {
 public:
  // Internal: made by Ledger::ViewAt.
  enum class IdSource { kIndex, kLog };  // the log: for verification, which trusts no index
  LedgerView(std::shared_ptr<const Snapshot> snapshot, HeadRow head, TreeSize tree_size,
             std::shared_ptr<LedgerCaches> caches, const CancelToken* cancel,
             IdSource id_source = IdSource::kIndex);
  ~LedgerView() override;

  TreeSize tree_size() const override { return tree_size_; }

  // --- LineageReader ---
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

  // --- Assets ---
  // The number behind an asset id; nullopt: not recorded at this tree size.
  absl::StatusOr<std::optional<AssetNumber>> FindAsset(const Digest& id) const;
  // The same, kNotFound naming `field` if it is not recorded.
  absl::StatusOr<AssetNumber> RequireAsset(const Digest& id, std::string_view field) const;
  // Positions of records in force; nullopt: none.
  absl::StatusOr<LogPosition> AssetRecordPosition(AssetNumber asset) const;
  absl::StatusOr<std::optional<LogPosition>> DerivationPosition(AssetNumber asset) const;
  absl::StatusOr<std::optional<LogPosition>> HoldersPosition(AssetNumber asset) const;
  // Consents in force, ascending use, then party.
  absl::StatusOr<std::vector<StoredRecord>> ReadConsents(AssetNumber asset) const;
  // Aliases in force that point to the asset, ascending, at most count_max.
  absl::StatusOr<std::vector<std::string>> ReadAliases(AssetNumber asset,
                                                       std::size_t count_max) const;
  // Assets whose first record stands at or after `start`, ascending number, at most count_max, and
  // where to go on (nullopt: none follows). Looks at no more than `scan_max` positions, so a page
  // may be short, or empty, while more follow.
  struct AssetPage {
    std::vector<AssetSummaryView> assets;
    std::optional<LogPosition> next;
  };
  absl::StatusOr<AssetPage> ListAssets(LogPosition start, std::size_t count_max,
                                       std::size_t scan_max) const;
  absl::StatusOr<std::vector<AssetSummaryView>> DescribeAssets(
      std::span<const AssetNumber> assets) const;

  // --- Finding ---
  // Alias in force: the asset it points to, and its record. nullopt: not recorded.
  absl::StatusOr<std::optional<StoredRecord>> FindAlias(std::string_view alias) const;
  // Aliases that begin so, ascending, after start_after, at most count_max.
  absl::StatusOr<std::vector<std::string>> ListAliases(std::string_view prefix,
                                                       std::string_view start_after,
                                                       std::size_t count_max) const;
  // Assets whose name in force is exactly this / whose id begins with these lowercase hex digits
  // (at least 2). At most count_max.
  absl::StatusOr<std::vector<AssetNumber>> FindByName(std::string_view name,
                                                      std::size_t count_max) const;
  absl::StatusOr<std::vector<AssetNumber>> FindByIdPrefix(std::string_view hex_prefix,
                                                          std::size_t count_max) const;
  absl::StatusOr<std::optional<StoredRecord>> FindParty(std::string_view party) const;
  // Assets of which the party was ever a holder, ascending number, after start_after.
  absl::StatusOr<std::vector<AssetNumber>> ListPartyAssets(std::string_view party,
                                                           std::optional<AssetNumber> start_after,
                                                           std::size_t count_max) const;

  // --- Log ---
  absl::StatusOr<StoredRecord> ReadRecord(LogPosition position) const;
  absl::StatusOr<std::vector<StoredRecord>> ReadRecords(
      std::span<const LogPosition> positions) const;
  // nullopt: no such record at this tree size.
  absl::StatusOr<std::optional<LogPosition>> FindRecord(const Digest& record_id) const;
  // The record that replaced this one, at this tree size; nullopt: it is in force.
  absl::StatusOr<std::optional<Digest>> SupersededBy(const StoredRecord& record) const;
  absl::StatusOr<std::optional<PrivateDetails>> ReadDetails(const Digest& details_digest) const;
  // Number of records accepted at or before `time`, at most tree_size().
  absl::StatusOr<TreeSize> TreeSizeAt(TimeMs time) const;
  absl::StatusOr<Digest> RootHash() const;
  absl::Status ReadSubtrees(std::span<const SubtreeId> ids,
                            std::vector<Digest>* roots) const override;

  // --- Sales and statements ---
  // The same snapshot at another tree size, from 1 to that of the newest head.
  std::shared_ptr<LedgerView> At(TreeSize tree_size) const;
  // Of a type from kFirstSettlementType on: how many of its records stand below `end`; the
  // positions of records [first, first + count_max), in the order of the log, complete.
  absl::StatusOr<std::uint64_t> CountRecordsBefore(RecordType type, LogPosition end) const;
  absl::StatusOr<std::vector<LogPosition>> ListRecords(RecordType type, std::uint64_t first,
                                                       std::size_t count_max) const;
  // The record in force under the identity of `probe`, of any type.
  absl::StatusOr<std::optional<StoredRecord>> FindInForce(const RecordBody& probe) const;
  // The newest position at which an asset's record, derivation or holders in force stand.
  absl::Status ReadLastChanges(std::span<const AssetNumber> assets,
                               std::vector<LogPosition>* positions) const;
  // Lines [first, first + count_max) of the statement or adjustment at a position. kNotFound if it
  // is neither. Checked against their count; their root by verification.
  absl::StatusOr<std::vector<std::string>> ReadLines(LogPosition position, std::uint64_t first,
                                                     std::size_t count_max) const;

  // The derivation recorded at a position, in force or not. kNotFound if that is no derivation.
  absl::StatusOr<DerivationView> ReadDerivationAt(LogPosition position) const;
  // Edges [first, first + count_max) of a derivation with their asset ids, as they were sent.
  absl::StatusOr<std::vector<Edge>> ReadEdges(const DerivationView& derivation, std::size_t first,
                                              std::size_t count_max) const;
  // Edges of in-force derivations that name the asset as an input, by ascending log position of
  // the derivation, after start_after, at most count_max. Cost: by what is listed, and the log of
  // what stands before it.
  struct ConsumerEdge {
    AssetNumber generated;
    LogPosition derivation;
    std::size_t edge_index;
  };
  absl::StatusOr<std::vector<ConsumerEdge>> ListConsumers(AssetNumber input,
                                                          LogPosition start_after,
                                                          std::size_t count_max) const;

  const HeadRow& head() const { return head_; }

 private:
  friend class Ledger;
  absl::StatusOr<std::optional<std::string>> ReadRow(const OwnedKey& key) const;
  // Reads rows that must be there, in batches, and hands their payloads to `visit` in order. Looks
  // at the token between batches.
  using KeyOf = absl::FunctionRef<OwnedKey(std::size_t index)>;
  using VisitRow = absl::FunctionRef<absl::Status(std::size_t index, const OwnedKey& key,
                                                  std::string_view payload)>;
  absl::Status ForEachRow(std::size_t count, KeyOf key_of, VisitRow visit) const;
  absl::StatusOr<AssetStateRow> ReadAssetState(AssetNumber asset) const;
  absl::Status ReadAssetStates(std::span<const AssetNumber> assets,
                               std::vector<AssetStateRow>* states) const;
  // The same for a call about many assets, which keeps what it reads in pages, or for one about
  // few, from memory. Only the versions of such a row may be used: its counts may be newer than
  // this view.
  absl::Status ReadVersions(std::span<const AssetNumber> assets, bool is_large,
                            std::vector<AssetStateRow>* states) const;
  // What is kept of assets in memory (storage/asset_pages.h). Nothing, where only rows can tell.
  struct KeptHeads;
  template <typename Visit>  // absl::Status(std::size_t index, place)
  absl::Status ForEachKept(std::span<const AssetNumber> assets, const Visit& visit) const;
  // Hands each asset to on_kept (bool: that was enough), or to on_row (absl::Status).
  template <typename OnKept, typename OnRow>
  absl::Status ForEachAsset(std::span<const AssetNumber> assets, const OnKept& on_kept,
                            const OnRow& on_row) const;
  std::optional<KeptHeads> SettledHeads(AssetPages::Flags flags, const AssetPages::Heads* heads,
                                        std::size_t index) const;
  // Where derivations in force stand; 0: there is none. Shape: (*positions)[i] belongs to
  // assets[i].
  absl::Status FindDerivations(std::span<const AssetNumber> assets,
                               std::vector<LogPosition>* positions) const;
  // Reads (*holders)[i] for each i of `wanted`, at most kStateBatchCount of them.
  absl::Status ReadHolderRecords(std::span<const AssetNumber> assets,
                                 std::span<const std::size_t> wanted,
                                 std::vector<HolderList>* holders) const;
  absl::StatusOr<std::optional<LogPosition>> InForce(
      const VersionHead& head, const std::function<OwnedKey(std::uint32_t)>& version_key) const;
  absl::StatusOr<std::optional<LogPosition>> InForce(const VersionHead& head, keys::VersionTag tag,
                                                     AssetNumber asset) const;
  absl::StatusOr<AssetClass> ClassOf(AssetNumber asset, const AssetStateRow& state) const;
  absl::StatusOr<std::optional<StoredRecord>> FindByIdentity(std::string_view identity) const;
  absl::StatusOr<std::shared_ptr<const EdgeList>> ReadEdgeList(LogPosition position,
                                                               DerivationRow row) const;
  absl::StatusOr<std::vector<std::uint64_t>> ReadConsumerPositions(AssetNumber input,
                                                                   std::size_t count_max) const;
  struct InForceConsumer {
    AssetNumber generated;
    LogPosition derivation;
  };
  // Of derivations, those that are in force, in the same order.
  absl::StatusOr<std::vector<InForceConsumer>> KeepInForce(
      std::span<const std::uint64_t> positions) const;
  absl::StatusOr<std::vector<std::uint64_t>> ReadConsumerBlock(AssetNumber input,
                                                               std::uint32_t block) const;
  absl::StatusOr<std::vector<std::uint64_t>> ListPoolsOf(AssetNumber input) const;
  // Derivations, in force or not, that name the input: ascending positions, after `after`.
  absl::StatusOr<std::vector<std::uint64_t>> ListConsumerPositions(AssetNumber input,
                                                                   LogPosition after,
                                                                   std::size_t count_max) const;
  absl::StatusOr<bool> IsPoolMember(std::uint64_t page, const PoolEntry& pool,
                                    AssetNumber input) const;
  absl::StatusOr<DerivationView> MakeDerivation(LogPosition position, DerivationRow row) const;
  absl::StatusOr<std::shared_ptr<const AssetIdPage>> ReadIdPage(std::uint64_t page,
                                                                std::uint64_t number) const;
  absl::Status ReadIdsFromLog(std::span<const AssetNumber> numbers, AssetIdPage* page) const;
  absl::StatusOr<PositionListRow> ReadRecordList(RecordType type) const;
  absl::StatusOr<std::vector<std::uint64_t>> ReadRecordBlock(RecordType type,
                                                             const PositionListRow& list,
                                                             std::uint64_t block) const;
  absl::Status CheckCancelled() const;

  std::shared_ptr<const Snapshot> snapshot_;
  HeadRow head_;
  TreeSize tree_size_;
  std::shared_ptr<LedgerCaches> caches_;
  const CancelToken* cancel_;
  IdSource id_source_;
};

}  // namespace tributary
