// The rows of a ledger under change: facts applied one after another on top of a base snapshot.
//
// The one definition of what each fact does to the store. The committer runs it to record, and
// verification and rebuilding run it again over the log to say what the rows must be.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/lineage/lineage_reader.h"
#include "storage/changed_rows.h"
#include "storage/fact.h"
#include "storage/log_tree.h"
#include "storage/row_codec.h"
#include "storage/store.h"

namespace tributary {

// Not copyable; one thread.
class LedgerState {
 public:
  struct Options {
    std::size_t cycle_test_asset_count_max = 5'000'000;
    // Verification and rebuilding apply facts that were tested when they were recorded.
    bool cycle_test = true;
  };

  // `base` and `tree` must outlive this object; `tree` stands at head.tree_size.
  // `pending` (may be null; must outlive this object too) are rows to see instead of those of
  // `base`: of a group that `head` counts and that may not have been written when `base` was taken.
  LedgerState(const Snapshot* base, const ChangedRows* pending, std::string ledger,
              const HeadRow& head, LogTreeAppender* tree, Options options);
  ~LedgerState();
  LedgerState(const LedgerState&) = delete;
  LedgerState& operator=(const LedgerState&) = delete;

  // Reads ahead, in few calls, the rows that Apply will want for these facts.
  absl::Status Prefetch(std::span<const PreparedFact> facts);

  // Applies one fact, accepted at `now` (not before the head's time). On a refusal, see
  // Ledger::Submit, nothing has changed, but for assets recorded because allow_unknown_inputs asked
  // for it. After kDataLoss, kUnavailable or kInternal the state must be thrown away.
  absl::StatusOr<Receipt> Apply(const PreparedFact& fact, TimeMs now, bool allow_unknown_inputs);

  // Ends the group: all its rows, with its tiles and head among the changed ones. The state is
  // spent, but for what the two below say.
  ChangedRows TakeRows();

  const HeadRow& head() const { return head_; }
  // Bytes of rows changed so far.
  std::size_t changed_size() const { return changed_size_; }
  // Assets whose state changed, with the state they have now.
  absl::flat_hash_map<AssetNumber, AssetStateRow> TakeChangedAssets() {
    return std::move(changed_assets_);
  }

 private:
  class Reader;           // LineageReader of the state as it stands, for the cycle test
  class SettlementRules;  // what records of sales, statements and the like may name
  // The records that one identity has had.
  struct Chain {
    VersionHead head;
    std::function<OwnedKey(std::uint32_t)> version_key;
  };

  // The payload; null: no such row. Stands until the row is put.
  absl::StatusOr<const std::string*> Get(const OwnedKey& key);
  void Put(OwnedKey key, std::string payload);
  absl::Status FetchAll(std::vector<OwnedKey> keys);

  absl::StatusOr<std::optional<AssetNumber>> FindAsset(const Digest& id);
  absl::StatusOr<AssetNumber> RequireAsset(const Digest& id, std::string_view field);
  absl::Status RequireParty(const std::string& party, std::string_view field);
  absl::StatusOr<AssetStateRow> GetAsset(AssetNumber asset);
  void PutAsset(AssetNumber asset, const AssetStateRow& state);
  absl::StatusOr<Chain> IdentityChain(const std::string& identity);

  absl::StatusOr<std::optional<Receipt>> FindDuplicate(const PreparedFact& fact);
  absl::Status CheckSupersedes(const Chain& chain, const PreparedFact& fact);
  LogPosition AppendLog(const PreparedFact& fact, TimeMs now);
  // Makes `position` the newest version of the chain; the head row is the caller's to write.
  void AddVersion(Chain* chain, LogPosition position);
  void PutIdentity(const std::string& identity, const Chain& chain);
  void PutName(const AssetRecord& asset, AssetNumber number);

  absl::StatusOr<LogPosition> ApplyBody(const PreparedFact& fact, TimeMs now, bool allow_unknown);
  absl::StatusOr<LogPosition> ApplyLedger(const PreparedFact& fact, TimeMs now);
  absl::StatusOr<LogPosition> ApplyParty(const PreparedFact& fact, TimeMs now);
  absl::StatusOr<LogPosition> ApplyAsset(const PreparedFact& fact, TimeMs now);
  absl::StatusOr<LogPosition> ApplyAlias(const PreparedFact& fact, TimeMs now);
  absl::StatusOr<LogPosition> ApplyHolders(const PreparedFact& fact, TimeMs now);
  absl::StatusOr<LogPosition> ApplyConsent(const PreparedFact& fact, TimeMs now);
  absl::StatusOr<LogPosition> ApplyDerivation(const PreparedFact& fact, TimeMs now,
                                              bool allow_unknown);
  absl::StatusOr<LogPosition> ApplySettlement(const PreparedFact& fact, TimeMs now);

  absl::StatusOr<std::vector<AssetNumber>> ResolveInputs(const PreparedFact& fact, TimeMs now,
                                                         bool allow_unknown);
  absl::StatusOr<bool> WasEverInput(AssetNumber asset);
  absl::StatusOr<DerivationRow> GetDerivation(LogPosition position);
  absl::Status FillStagedEdges(DerivationRow* row);
  absl::StatusOr<std::vector<LogPosition>> ReadConsumerPositions(AssetNumber input,
                                                                 std::size_t count_max);
  // Derivations of staged edge lists that name the asset as an input.
  absl::StatusOr<std::vector<LogPosition>> PoolsOf(AssetNumber input);
  absl::Status CheckNoCycle(const DerivationRow& row);
  // Appends to a list of positions whose head stands under `head_key`.
  absl::Status AddPosition(const OwnedKey& head_key,
                           absl::FunctionRef<OwnedKey(std::uint32_t)> block_key,
                           LogPosition position);
  absl::Status AddConsumer(AssetNumber input, LogPosition derivation);
  absl::Status AddPool(const PreparedFact& fact, LogPosition derivation);

  const Snapshot* base_;
  const ChangedRows* pending_;
  std::string ledger_;
  HeadRow head_;
  LogTreeAppender* tree_;
  Options options_;
  ChangedRows rows_;
  absl::flat_hash_map<Digest, AssetNumber> asset_numbers_;  // those met so far
  std::size_t changed_size_ = 0;
  absl::flat_hash_map<AssetNumber, AssetStateRow> changed_assets_;
};

// The fact that records an unknown input as an asset of its own.
PreparedFact UnknownAssetFact(const std::string& ledger, const Digest& asset);

}  // namespace tributary
