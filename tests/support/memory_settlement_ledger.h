// A ledger in memory for tests of settlement: records in the order of the log, and readers of any
// of its states. It checks nothing that a store would refuse.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary::test {

// One input of a derivation, by asset id.
struct LedgerEdge {
  Digest input;
  std::uint64_t weight = 0;
  Role role = Role::kTrainingData;
};

// Append-only. Readers see the ledger as it was when they were made; they must not outlive it.
class MemorySettlementLedger {
 public:
  // Position 0 is the ledger's own record, as everywhere.
  MemorySettlementLedger() { Append(LedgerRecord{}); }
  MemorySettlementLedger(const MemorySettlementLedger&) = delete;
  MemorySettlementLedger& operator=(const MemorySettlementLedger&) = delete;

  // Record ids are made of the position alone: cheap, and as good as any for these tests.
  // `lines`: those of a statement or adjustment. `edges`: of a derivation, in any order; the other
  // figures of its record are filled in.
  LogPosition Append(RecordBody body, std::vector<std::string> lines = {});
  LogPosition Derive(const Digest& generated, std::vector<LedgerEdge> edges,
                     std::uint64_t retained = 0, std::uint64_t unattributed = 0);

  TreeSize tree_size() const { return {records_.size()}; }
  const LoggedRecord& at(LogPosition position) const { return records_[position.value]; }
  Digest id(LogPosition position) const { return records_[position.value].id; }
  // As they were given, of the derivation at a position.
  const std::vector<LedgerEdge>& edges(LogPosition position) const {
    return edges_.at(position.value);
  }
  // Now, or at an earlier tree size.
  std::shared_ptr<const SettlementReader> Reader() const { return Reader(tree_size()); }
  std::shared_ptr<const SettlementReader> Reader(TreeSize tree_size) const;

 private:
  friend class MemorySettlementReader;
  friend class MemoryLineageView;

  // Positions of the records that said something, ascending: the last below a tree size counts.
  using History = std::vector<LogPosition>;
  struct Asset {
    Digest id;
    AssetNumber number;
    History records;
    History derivations;
    History holders;
  };

  const Asset* Find(AssetNumber number) const {
    const auto found = assets_.find(number.value);
    return found == assets_.end() ? nullptr : &found->second;
  }

  std::vector<LoggedRecord> records_;
  std::map<std::uint64_t, std::vector<std::string>> lines_;  // by position
  std::vector<History> types_{kRecordTypeCount};
  absl::flat_hash_map<Digest, LogPosition> ids_;
  absl::flat_hash_map<std::string, History> identities_;
  absl::flat_hash_map<Digest, AssetNumber> asset_numbers_;
  absl::flat_hash_map<std::uint64_t, Asset> assets_;
  absl::flat_hash_map<std::uint64_t, DerivationView> views_;  // by position
  std::map<std::uint64_t, std::vector<LedgerEdge>> edges_;    // by position
};

}  // namespace tributary::test
