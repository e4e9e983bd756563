#include "tests/support/memory_settlement_ledger.h"

#include <algorithm>
#include <cstring>

#include "graph/lineage/limits.h"
#include "graph/model/check.h"
#include "graph/model/status.h"

namespace tributary::test {
namespace {

Digest IdOf(std::uint64_t position) {
  Digest id;
  for (std::uint64_t word = 0; word < 4; ++word) {
    std::uint64_t z = (4 * position + word + 1) * 0x9e3779b97f4a7c15u;  // as Rng
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    std::memcpy(id.bytes.data() + 8 * word, &z, 8);
  }
  return id;
}

// The last position below the tree size; nullopt where there is none.
std::optional<LogPosition> LastBelow(const std::vector<LogPosition>& history, TreeSize size) {
  const auto end = std::lower_bound(history.begin(), history.end(), LogPosition{size.value});
  return end == history.begin() ? std::nullopt : std::optional(*std::prev(end));
}

}  // namespace

class MemoryLineageView final : public LineageReader {
 public:
  MemoryLineageView(const MemorySettlementLedger& ledger, TreeSize size)
      : ledger_(ledger), size_(size) {}

  TreeSize tree_size() const override { return size_; }

  absl::Status Classify(std::span<const AssetNumber> assets,
                        std::vector<AssetClass>* classes) const override {
    return ForEach(assets, classes, [this](const auto& asset) {
      const auto record = LastBelow(asset.records, size_);
      return AssetClass{std::get<AssetRecord>(ledger_.at(*record).record.body).kind,
                        LastBelow(asset.derivations, size_).has_value(),
                        HoldersOf(asset) != nullptr};
    });
  }

  absl::Status ReadDerivations(std::span<const AssetNumber> assets, std::size_t edge_count_max,
                               std::vector<DerivationView>* derivations) const override {
    TRIBUTARY_RETURN_IF_ERROR(ForEach(assets, derivations, [this](const auto& asset) {
      const auto position = LastBelow(asset.derivations, size_);
      TRIBUTARY_CHECK(position.has_value());  // Classify said so
      return ledger_.views_.at(position->value);
    }));
    std::size_t edge_count = 0;
    for (const DerivationView& view : *derivations) edge_count += view.edges->count();
    if (edge_count > edge_count_max) return LimitMet("edge_count_max", edge_count, edge_count_max);
    return absl::OkStatus();
  }

  absl::Status ReadHolders(std::span<const AssetNumber> assets,
                           std::vector<HolderList>* holders) const override {
    return ForEach(assets, holders, [this](const auto& asset) { return HoldersOf(asset); });
  }

  absl::Status ReadAssetIds(std::span<const AssetNumber> assets,
                            std::vector<Digest>* ids) const override {
    return ForEach(assets, ids, [](const auto& asset) { return asset.id; });
  }

  absl::Status ReadConsumers(AssetNumber, std::size_t, std::vector<AssetNumber>*) const override {
    return absl::UnimplementedError("settlement never asks for consumers");
  }

 private:
  template <typename T, typename Make>
  absl::Status ForEach(std::span<const AssetNumber> assets, std::vector<T>* out,
                       const Make& make) const {
    out->clear();
    for (const AssetNumber number : assets) {
      const auto* asset = ledger_.Find(number);
      if (asset == nullptr || number.value >= size_.value) {
        return absl::InternalError(StrCat("no asset has number ", number.value));
      }
      out->push_back(make(*asset));
    }
    return absl::OkStatus();
  }

  template <typename Asset>
  HolderList HoldersOf(const Asset& asset) const {
    const auto position = LastBelow(asset.holders, size_);
    if (!position) return nullptr;
    return std::make_shared<const std::vector<Holder>>(
        std::get<HoldersRecord>(ledger_.at(*position).record.body).holders);
  }

  const MemorySettlementLedger& ledger_;
  const TreeSize size_;
};

class MemorySettlementReader final : public SettlementReader {
 public:
  MemorySettlementReader(const MemorySettlementLedger& ledger, TreeSize size)
      : ledger_(ledger), size_(size), lineage_(ledger, size) {}

  TreeSize tree_size() const override { return size_; }
  const LineageReader& lineage() const override { return lineage_; }

  absl::StatusOr<std::shared_ptr<const SettlementReader>> At(TreeSize size) const override {
    if (size.value >= 1 && size <= size_) return ledger_.Reader(size);
    return FieldError(absl::StatusCode::kOutOfRange, "tree_size", StrCat(size.value),
                      StrCat("1 to ", size_.value));
  }

  absl::StatusOr<std::uint64_t> CountBefore(RecordType type, LogPosition end) const override {
    const auto& history = ledger_.types_[type.index];
    const LogPosition bound{std::min(end.value, size_.value)};
    return static_cast<std::uint64_t>(std::lower_bound(history.begin(), history.end(), bound) -
                                      history.begin());
  }

  absl::StatusOr<std::vector<LogPosition>> ListPositions(RecordType type, std::uint64_t first,
                                                         std::size_t count_max) const override {
    std::vector<LogPosition> positions;
    const auto& history = ledger_.types_[type.index];
    for (std::uint64_t i = first; i < history.size() && positions.size() < count_max; ++i) {
      if (history[i].value >= size_.value) break;
      positions.push_back(history[i]);
    }
    return positions;
  }

  absl::Status ReadRecords(std::span<const LogPosition> positions,
                           std::vector<LoggedRecord>* records) const override {
    records->clear();
    for (const LogPosition position : positions) {
      if (position.value >= size_.value) return absl::InternalError("a position above the tree");
      records->push_back(ledger_.at(position));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<LoggedRecord>> FindRecord(const Digest& id) const override {
    const auto found = ledger_.ids_.find(id);
    if (found == ledger_.ids_.end() || found->second.value >= size_.value) {
      return std::optional<LoggedRecord>();
    }
    return std::optional(ledger_.at(found->second));
  }

  absl::StatusOr<std::optional<LoggedRecord>> FindInForce(const RecordBody& probe) const override {
    const auto found = ledger_.identities_.find(IdentityOf(probe));
    if (found == ledger_.identities_.end()) return std::optional<LoggedRecord>();
    const auto position = LastBelow(found->second, size_);
    if (!position) return std::optional<LoggedRecord>();
    return std::optional(ledger_.at(*position));
  }

  absl::StatusOr<std::optional<AssetNumber>> FindAsset(const Digest& asset) const override {
    const auto found = ledger_.asset_numbers_.find(asset);
    if (found == ledger_.asset_numbers_.end() || found->second.value >= size_.value) {
      return std::optional<AssetNumber>();
    }
    return std::optional(found->second);
  }

  absl::Status ReadLastChanges(std::span<const AssetNumber> assets,
                               std::vector<LogPosition>* positions) const override {
    positions->clear();
    for (const AssetNumber number : assets) {
      const auto* asset = ledger_.Find(number);
      if (asset == nullptr) return absl::InternalError("no such asset");
      LogPosition last{0};
      for (const auto* history : {&asset->records, &asset->derivations, &asset->holders}) {
        last = std::max(last, LastBelow(*history, size_).value_or(LogPosition{0}));
      }
      positions->push_back(last);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> ReadLines(LogPosition record, std::uint64_t first,
                                                     std::size_t count_max) const override {
    const auto found = ledger_.lines_.find(record.value);
    if (record.value >= size_.value || found == ledger_.lines_.end()) {
      return absl::NotFoundError(StrCat("no statement or adjustment stands at ", record.value));
    }
    const std::vector<std::string>& lines = found->second;
    if (first >= lines.size()) return std::vector<std::string>();
    const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(first);
    const auto count = std::min<std::size_t>(count_max, lines.size() - first);
    return std::vector<std::string>(begin, begin + static_cast<std::ptrdiff_t>(count));
  }

 private:
  const MemorySettlementLedger& ledger_;
  const TreeSize size_;
  const MemoryLineageView lineage_;
};

LogPosition MemorySettlementLedger::Append(RecordBody body, std::vector<std::string> lines) {
  const LogPosition position{records_.size()};
  types_[TypeOf(body).index].push_back(position);
  identities_[IdentityOf(body)].push_back(position);
  if (const auto* asset = std::get_if<AssetRecord>(&body)) {
    const auto [number, is_new] =
        asset_numbers_.try_emplace(asset->asset, AssetNumber{position.value});
    Asset& entry = assets_[number->second.value];
    if (is_new) entry = {asset->asset, number->second, {}, {}, {}};
    entry.records.push_back(position);
  } else if (auto* holders = std::get_if<HoldersRecord>(&body)) {
    std::sort(holders->holders.begin(), holders->holders.end(),
              [](const Holder& a, const Holder& b) { return a.party < b.party; });
    assets_.at(asset_numbers_.at(holders->asset).value).holders.push_back(position);
  } else if (std::holds_alternative<StatementRecord>(body) ||
             std::holds_alternative<AdjustmentRecord>(body)) {
    lines_[position.value] = std::move(lines);
  }
  const Digest id = IdOf(position.value);
  ids_.emplace(id, position);
  Record record;
  record.ledger = "test.example/ledger";
  record.body = std::move(body);
  records_.push_back({position, {position.value}, id, std::move(record)});
  return position;
}

LogPosition MemorySettlementLedger::Derive(const Digest& generated, std::vector<LedgerEdge> edges,
                                           std::uint64_t retained, std::uint64_t unattributed) {
  std::sort(edges.begin(), edges.end(),
            [](const LedgerEdge& a, const LedgerEdge& b) { return a.input < b.input; });
  const auto list = std::make_shared<EdgeList>();
  std::uint64_t weight_sum = 0;
  for (const LedgerEdge& edge : edges) {
    list->inputs.push_back(asset_numbers_.at(edge.input));
    list->cumulative_weights.push_back(weight_sum += edge.weight);
    list->roles.push_back(edge.role);
    list->bases.push_back(Basis::kDeclared);
  }
  DerivationRecord record;
  record.generated = generated;
  record.edge_count = edges.size();
  record.weight_sum = weight_sum;
  record.retained = retained;
  record.unattributed = unattributed;
  const LogPosition position = Append(record);
  edges_[position.value] = edges;
  assets_.at(asset_numbers_.at(generated).value).derivations.push_back(position);
  views_[position.value] = {position, retained, unattributed, record.denominator(), list};
  return position;
}

std::shared_ptr<const SettlementReader> MemorySettlementLedger::Reader(TreeSize size) const {
  return std::make_shared<MemorySettlementReader>(*this, size);
}

}  // namespace tributary::test
