#include "graph/settlement/cause_overlay.h"

#include <algorithm>
#include <string>
#include <utility>

#include "graph/lineage/cycle.h"
#include "graph/model/status.h"

namespace tributary {
namespace {

// One part of a list of assets, with the place of each.
struct Part {
  std::vector<AssetNumber> assets;
  std::vector<std::size_t> places;

  void Add(AssetNumber asset, std::size_t place) {
    assets.push_back(asset);
    places.push_back(place);
  }
};

template <typename T>
absl::Status PutBack(const Part& part, std::vector<T> read, std::vector<T>* values) {
  if (read.size() != part.assets.size()) {
    return absl::InternalError("the lineage reader gave another number of values");
  }
  for (std::size_t i = 0; i < read.size(); ++i) (*values)[part.places[i]] = std::move(read[i]);
  return absl::OkStatus();
}

}  // namespace

std::array<RecordBody, kLineageAspectCount> AspectsOf(const Digest& asset) {
  AssetRecord record;
  record.asset = asset;
  DerivationRecord derivation;
  derivation.generated = asset;
  HoldersRecord holders;
  holders.asset = asset;
  return {std::move(record), std::move(derivation), std::move(holders)};
}

std::optional<LineageChange> ChangeOf(const RecordBody& body) {
  if (const auto* derivation = std::get_if<DerivationRecord>(&body)) {
    return LineageChange{derivation->generated, LineageAspect::kDerivation};
  }
  if (const auto* holders = std::get_if<HoldersRecord>(&body)) {
    return LineageChange{holders->asset, LineageAspect::kHolders};
  }
  if (const auto* asset = std::get_if<AssetRecord>(&body)) {
    return LineageChange{asset->asset, LineageAspect::kRecord};
  }
  return std::nullopt;
}

// --- LineageCauses ---

absl::StatusOr<const SettlementReader*> LineageCauses::ReaderAt(TreeSize tree_size) {
  auto& reader = readers_[tree_size];
  if (reader == nullptr) {
    TRIBUTARY_ASSIGN_OR_RETURN(reader, reader_.At(tree_size));
  }
  return reader.get();
}

absl::Status LineageCauses::Add(const LoggedRecord& cause, TreeSize oldest,
                                const CollectLimits& limits, const CancelToken* cancel) {
  const auto change = ChangeOf(cause.record.body);
  if (!change.has_value()) return absl::InternalError("a cause that changes no lineage");
  // Just above its position the record is what is in force.
  TRIBUTARY_ASSIGN_OR_RETURN(const SettlementReader* reader, ReaderAt({cause.position.value + 1}));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, reader->FindAsset(change->asset));
  if (!asset.has_value()) return absl::DataLossError("a cause names an asset that is not there");
  auto& newest = laid_[asset->value][static_cast<std::size_t>(change->aspect)];
  newest = std::max(newest.value_or(LogPosition{0}), cause.position);
  if (change->aspect != LineageAspect::kDerivation) return absl::OkStatus();
  const auto upstream = CollectUpstream(reader->lineage(), *asset, limits, cancel);
  // A cycle here is one of the ledger itself, which no choice of causes brought about.
  if (IsCycle(upstream.status())) return absl::DataLossError(upstream.status().message());
  TRIBUTARY_RETURN_IF_ERROR(upstream.status());
  for (const AssetNumber number : upstream->assets()) {
    if (number.value >= oldest.value) came_in_.try_emplace(number.value, reader);
  }
  return absl::OkStatus();
}

void LineageCauses::Clear() {
  laid_.clear();
  came_in_.clear();
  readers_.clear();
}

std::optional<LogPosition> LineageCauses::Newest(AssetNumber asset, LineageAspect aspect) const {
  const auto laid = laid_.find(asset.value);
  if (laid == laid_.end()) return std::nullopt;
  return laid->second[static_cast<std::size_t>(aspect)];
}

absl::StatusOr<const SettlementReader*> LineageCauses::SourceOf(AssetNumber asset,
                                                                LineageAspect aspect,
                                                                TreeSize state) const {
  const auto newest = Newest(asset, aspect);
  if (newest.has_value() && newest->value >= state.value) {
    return readers_.at({newest->value + 1}).get();
  }
  if (asset.value < state.value) return nullptr;
  const auto came_in = came_in_.find(asset.value);
  if (came_in != came_in_.end()) return came_in->second;
  return absl::InternalError(StrCat("asset number ", asset.value, " is not below the tree size ",
                                    state.value, ", and no cause brings it in"));
}

// --- The lineage ---

TreeSize CauseOverlay::Lineage::tree_size() const {
  return causes_.empty() ? base_.tree_size() : causes_.reader().tree_size();
}

template <typename T, typename Read>
absl::Status CauseOverlay::Lineage::ReadAspect(LineageAspect aspect,
                                               std::span<const AssetNumber> assets,
                                               std::vector<T>* values, const Read& read) const {
  const TreeSize state = base_.tree_size();
  const auto is_touched = [&](AssetNumber asset) { return causes_.Touches(asset, state); };
  // Nearly always: nothing is copied.
  if (std::none_of(assets.begin(), assets.end(), is_touched)) {
    return read(base_.lineage(), assets, values);
  }
  Part plain;
  std::map<TreeSize, std::pair<const SettlementReader*, Part>> elsewhere;
  for (std::size_t i = 0; i < assets.size(); ++i) {
    const SettlementReader* source = nullptr;
    if (is_touched(assets[i])) {
      TRIBUTARY_ASSIGN_OR_RETURN(source, causes_.SourceOf(assets[i], aspect, state));
    }
    if (source == nullptr) {
      plain.Add(assets[i], i);
      continue;
    }
    auto& [reader, part] = elsewhere[source->tree_size()];
    reader = source;
    part.Add(assets[i], i);
  }
  values->clear();
  values->resize(assets.size());
  std::vector<T> found;
  if (!plain.assets.empty()) {
    TRIBUTARY_RETURN_IF_ERROR(read(base_.lineage(), plain.assets, &found));
    TRIBUTARY_RETURN_IF_ERROR(PutBack(plain, std::move(found), values));
  }
  for (const auto& [size, source] : elsewhere) {
    found = {};
    TRIBUTARY_RETURN_IF_ERROR(read(source.first->lineage(), source.second.assets, &found));
    TRIBUTARY_RETURN_IF_ERROR(PutBack(source.second, std::move(found), values));
  }
  return absl::OkStatus();
}

absl::Status CauseOverlay::Lineage::Classify(std::span<const AssetNumber> assets,
                                             std::vector<AssetClass>* classes) const {
  const auto read = [](const LineageReader& reader, std::span<const AssetNumber> some,
                       std::vector<AssetClass>* found) { return reader.Classify(some, found); };
  // The kind is what the asset's record says.
  TRIBUTARY_RETURN_IF_ERROR(ReadAspect(LineageAspect::kRecord, assets, classes, read));
  Part touched;
  for (std::size_t i = 0; i < assets.size(); ++i) {
    if (causes_.Touches(assets[i], base_.tree_size())) touched.Add(assets[i], i);
  }
  if (touched.assets.empty()) return absl::OkStatus();
  std::vector<AssetClass> derived;
  std::vector<AssetClass> held;
  TRIBUTARY_RETURN_IF_ERROR(ReadAspect(LineageAspect::kDerivation, touched.assets, &derived, read));
  TRIBUTARY_RETURN_IF_ERROR(ReadAspect(LineageAspect::kHolders, touched.assets, &held, read));
  if (classes->size() != assets.size() || derived.size() != touched.assets.size() ||
      held.size() != touched.assets.size()) {
    return absl::InternalError("the lineage reader classified another number of assets");
  }
  for (std::size_t i = 0; i < touched.places.size(); ++i) {
    AssetClass& asset = (*classes)[touched.places[i]];
    asset.is_derived = derived[i].is_derived;
    asset.has_holders = held[i].has_holders;
  }
  return absl::OkStatus();
}

absl::Status CauseOverlay::Lineage::ReadDerivations(
    std::span<const AssetNumber> assets, std::size_t edge_count_max,
    std::vector<DerivationView>* derivations) const {
  std::size_t left = edge_count_max;
  return ReadAspect(LineageAspect::kDerivation, assets, derivations,
                    [&left](const LineageReader& reader, std::span<const AssetNumber> some,
                            std::vector<DerivationView>* found) -> absl::Status {
                      TRIBUTARY_RETURN_IF_ERROR(reader.ReadDerivations(some, left, found));
                      for (const DerivationView& view : *found)
                        left -= std::min(left, view.edges->count());
                      return absl::OkStatus();
                    });
}

absl::Status CauseOverlay::Lineage::ReadHolders(std::span<const AssetNumber> assets,
                                                std::vector<HolderList>* holders) const {
  return ReadAspect(LineageAspect::kHolders, assets, holders,
                    [](const LineageReader& reader, std::span<const AssetNumber> some,
                       std::vector<HolderList>* found) { return reader.ReadHolders(some, found); });
}

absl::Status CauseOverlay::Lineage::ReadAssetIds(std::span<const AssetNumber> assets,
                                                 std::vector<Digest>* ids) const {
  return causes_.reader().lineage().ReadAssetIds(assets, ids);  // an id never changes
}

absl::Status CauseOverlay::Lineage::ReadConsumers(AssetNumber, std::size_t,
                                                  std::vector<AssetNumber>*) const {
  return absl::InternalError("a lineage with causes laid over it is read upstream only");
}

// --- The reader ---

absl::StatusOr<std::shared_ptr<const SettlementReader>> CauseOverlay::At(TreeSize tree_size) const {
  TRIBUTARY_ASSIGN_OR_RETURN(auto base, base_.At(tree_size));
  return std::shared_ptr<const SettlementReader>(new CauseOverlay(std::move(base), causes_));
}

absl::StatusOr<std::uint64_t> CauseOverlay::CountBefore(RecordType type, LogPosition end) const {
  return base_.CountBefore(type, end);
}

absl::StatusOr<std::vector<LogPosition>> CauseOverlay::ListPositions(RecordType type,
                                                                     std::uint64_t first,
                                                                     std::size_t count_max) const {
  return base_.ListPositions(type, first, count_max);
}

absl::Status CauseOverlay::ReadRecords(std::span<const LogPosition> positions,
                                       std::vector<LoggedRecord>* records) const {
  return base_.ReadRecords(positions, records);
}

absl::StatusOr<std::optional<LoggedRecord>> CauseOverlay::FindRecord(const Digest& id) const {
  return base_.FindRecord(id);
}

absl::StatusOr<std::optional<LoggedRecord>> CauseOverlay::FindInForce(
    const RecordBody& probe) const {
  return base_.FindInForce(probe);
}

absl::StatusOr<std::optional<AssetNumber>> CauseOverlay::FindAsset(const Digest& asset) const {
  return base_.FindAsset(asset);
}

absl::Status CauseOverlay::ReadLastChanges(std::span<const AssetNumber> assets,
                                           std::vector<LogPosition>* positions) const {
  Part plain;
  Part touched;
  for (std::size_t i = 0; i < assets.size(); ++i) {
    (causes_.Touches(assets[i], tree_size()) ? touched : plain).Add(assets[i], i);
  }
  if (touched.assets.empty()) return base_.ReadLastChanges(assets, positions);
  std::vector<LogPosition> found;
  TRIBUTARY_RETURN_IF_ERROR(base_.ReadLastChanges(plain.assets, &found));
  positions->clear();
  positions->resize(assets.size());
  TRIBUTARY_RETURN_IF_ERROR(PutBack(plain, std::move(found), positions));
  std::vector<Digest> ids;
  TRIBUTARY_RETURN_IF_ERROR(lineage_.ReadAssetIds(touched.assets, &ids));
  if (ids.size() != touched.assets.size()) {
    return absl::InternalError("the lineage reader gave another number of asset ids");
  }
  for (std::size_t i = 0; i < touched.assets.size(); ++i) {
    TRIBUTARY_ASSIGN_OR_RETURN((*positions)[touched.places[i]],
                               LastChange(touched.assets[i], ids[i]));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> CauseOverlay::ReadLines(LogPosition record,
                                                                 std::uint64_t first,
                                                                 std::size_t count_max) const {
  return base_.ReadLines(record, first, count_max);
}

absl::StatusOr<LogPosition> CauseOverlay::LastChange(AssetNumber asset, const Digest& id) const {
  // What this state did not know, no earlier one did: they all read it where it came in.
  if (asset.value >= tree_size().value) return LogPosition{0};
  // Earlier states that did not know the asset read it elsewhere.
  LogPosition last{asset.value};
  const std::array<RecordBody, kLineageAspectCount> probes = AspectsOf(id);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const auto laid = causes_.Newest(asset, static_cast<LineageAspect>(i));
    if (laid.has_value() && laid->value >= tree_size().value) continue;  // here and at all before
    TRIBUTARY_ASSIGN_OR_RETURN(const auto in_force, base_.FindInForce(probes[i]));
    if (!in_force.has_value()) continue;
    // Where the newest cause is in force itself, states before it have it laid over them.
    if (laid != in_force->position) last = std::max(last, in_force->position);
  }
  return last;
}

}  // namespace tributary
