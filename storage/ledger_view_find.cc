// Finding things by name, and lists.
//
// Scans here only ever offer candidates: each is confirmed by a point read of the row that decides,
// and no share, proof or permission rests on a list being complete.

#include <algorithm>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_view.h"

namespace tributary {
namespace {

constexpr std::size_t kScanPageSize = 1000;

// Calls `visit` with each column of a row after `start_after` until it returns false.
template <typename Visit>
absl::Status ForEachColumn(const Snapshot& snapshot, Family family, const std::string& row,
                           std::string start_after, Visit visit) {
  while (true) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto cells,
                               snapshot.Scan({family, row, start_after, kScanPageSize}));
    for (const Cell& cell : cells) {
      TRIBUTARY_RETURN_IF_ERROR(Unseal({family, row, cell.column}, cell.value).status());
      TRIBUTARY_ASSIGN_OR_RETURN(const bool go_on, visit(cell));
      if (!go_on) return absl::OkStatus();
    }
    if (cells.size() < kScanPageSize) return absl::OkStatus();
    start_after = cells.back().column;
  }
}

}  // namespace

absl::StatusOr<std::vector<AssetSummaryView>> LedgerView::DescribeAssets(
    std::span<const AssetNumber> assets) const {
  std::vector<AssetStateRow> states;
  TRIBUTARY_RETURN_IF_ERROR(ReadAssetStates(assets, &states));
  std::vector<AssetSummaryView> summaries;
  for (std::size_t i = 0; i < assets.size(); ++i) {
    AssetSummaryView summary{assets[i], states[i].id, {}, {}};
    TRIBUTARY_ASSIGN_OR_RETURN(summary.state, ClassOf(assets[i], states[i]));
    TRIBUTARY_ASSIGN_OR_RETURN(const auto position,
                               InForce(states[i].asset, keys::VersionTag::kAsset, assets[i]));
    if (!position.has_value()) {
      return absl::InternalError(
          StrCat("asset number ", assets[i].value, " is above the tree size"));
    }
    summary.record_position = *position;
    summaries.push_back(summary);
  }
  return summaries;
}

absl::StatusOr<LedgerView::AssetPage> LedgerView::ListAssets(LogPosition start,
                                                             std::size_t count_max,
                                                             std::size_t scan_max) const {
  // Every log position is tried by a point read, so that no asset can be passed over.
  AssetPage page;
  const std::uint64_t end =
      start.value +
      std::min<std::uint64_t>(scan_max, tree_size_.value - std::min(start.value, tree_size_.value));
  std::uint64_t at = start.value;
  while (at < end && page.assets.size() < count_max) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
    const std::uint64_t batch_end =
        std::min(end, at + std::min<std::uint64_t>(kScanPageSize, count_max - page.assets.size()));
    std::vector<OwnedKey> owned;
    std::vector<CellKey> cells;
    for (std::uint64_t i = at; i < batch_end; ++i) owned.push_back(keys::AssetStateOf({i}));
    for (const OwnedKey& key : owned) cells.push_back(key.view());
    std::vector<std::optional<std::string>> values;
    TRIBUTARY_RETURN_IF_ERROR(snapshot_->MultiGet(cells, &values));
    std::vector<AssetNumber> present;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i].has_value()) present.push_back(AssetNumber{at + i});
    }
    TRIBUTARY_ASSIGN_OR_RETURN(auto summaries, DescribeAssets(present));
    page.assets.insert(page.assets.end(), summaries.begin(), summaries.end());
    at = batch_end;
  }
  if (at < tree_size_.value) page.next = LogPosition{at};
  return page;
}

absl::StatusOr<std::vector<StoredRecord>> LedgerView::ReadConsents(AssetNumber asset) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetStateRow state, ReadAssetState(asset));
  std::vector<StoredRecord> consents;
  std::uint64_t entry_count = 0;
  if (state.consent_count > 0) {
    TRIBUTARY_RETURN_IF_ERROR(ForEachColumn(
        *snapshot_, Family::kIdentity, keys::ConsentRow(asset), "",
        [&](const Cell& cell) -> absl::StatusOr<bool> {
          ++entry_count;
          const std::string identity = StrCat("consent:", state.id.view(), cell.column);
          TRIBUTARY_ASSIGN_OR_RETURN(auto consent, FindByIdentity(identity));
          if (consent.has_value()) consents.push_back(*std::move(consent));
          return true;
        }));
  }
  // An objection that a damaged scan left out must not read as "no objection". Entries and their
  // count are of the snapshot, whatever tree size is asked about, so they always agree.
  if (entry_count != state.consent_count) {
    return DamagedRow({Family::kIdentity, keys::ConsentRow(asset), ""},
                      StrCat(entry_count, " of ", state.consent_count, " consents found"));
  }
  return consents;
}

absl::StatusOr<std::vector<std::string>> LedgerView::ReadAliases(AssetNumber asset,
                                                                 std::size_t count_max) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetStateRow state, ReadAssetState(asset));
  std::vector<std::string> aliases;
  if (state.alias_count == 0) return aliases;
  std::uint64_t entry_count = 0;
  TRIBUTARY_RETURN_IF_ERROR(ForEachColumn(
      *snapshot_, Family::kIdentity, keys::AssetAliasRow(asset), "",
      [&](const Cell& cell) -> absl::StatusOr<bool> {
        ++entry_count;
        TRIBUTARY_ASSIGN_OR_RETURN(const auto alias, FindAlias(cell.column));
        if (alias.has_value() && std::get<AliasRecord>(alias->record.body).asset == state.id) {
          aliases.push_back(cell.column);
        }
        return aliases.size() < count_max;
      }));
  if (aliases.size() < count_max && entry_count != state.alias_count) {
    return DamagedRow({Family::kIdentity, keys::AssetAliasRow(asset), ""},
                      StrCat(entry_count, " of ", state.alias_count, " aliases found"));
  }
  return aliases;
}

absl::StatusOr<std::optional<StoredRecord>> LedgerView::FindAlias(std::string_view alias) const {
  return FindByIdentity(IdentityOf(AliasRecord{std::string(alias), {}}));
}

absl::StatusOr<std::optional<StoredRecord>> LedgerView::FindParty(std::string_view party) const {
  PartyRecord body;
  body.party = std::string(party);
  return FindByIdentity(IdentityOf(body));
}

absl::StatusOr<std::vector<std::string>> LedgerView::ListAliases(std::string_view prefix,
                                                                 std::string_view start_after,
                                                                 std::size_t count_max) const {
  std::vector<std::string> aliases;
  const auto take = [&](const std::string& alias) -> absl::StatusOr<bool> {
    if (alias.substr(0, prefix.size()) != prefix) return false;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto record, FindAlias(alias));
    if (record.has_value()) aliases.push_back(alias);
    return aliases.size() < count_max;
  };
  // The prefix may itself be an alias, and a scan starts after its bound.
  if (start_after < prefix && !prefix.empty()) {
    TRIBUTARY_RETURN_IF_ERROR(take(std::string(prefix)).status());
  }
  if (aliases.size() >= count_max) return aliases;
  TRIBUTARY_RETURN_IF_ERROR(ForEachColumn(*snapshot_, Family::kIdentity, keys::AliasListRow(),
                                          std::string(std::max(start_after, prefix)),
                                          [&](const Cell& cell) { return take(cell.column); }));
  return aliases;
}

absl::StatusOr<std::vector<AssetNumber>> LedgerView::FindByName(std::string_view name,
                                                                std::size_t count_max) const {
  std::vector<AssetNumber> found;
  TRIBUTARY_RETURN_IF_ERROR(ForEachColumn(
      *snapshot_, Family::kAsset, keys::NameRow(name), "",
      [&](const Cell& cell) -> absl::StatusOr<bool> {
        const AssetNumber number{ReadBigEndian64(cell.column)};
        if (number.value >= tree_size_.value) return true;
        TRIBUTARY_ASSIGN_OR_RETURN(const LogPosition position, AssetRecordPosition(number));
        TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, ReadRecord(position));
        const auto* body = std::get_if<AssetRecord>(&record.record.body);
        if (body != nullptr && body->name == name) found.push_back(number);
        return found.size() < count_max;
      }));
  return found;
}

absl::StatusOr<std::vector<AssetNumber>> LedgerView::FindByIdPrefix(std::string_view hex_prefix,
                                                                    std::size_t count_max) const {
  const std::string padded = std::string(hex_prefix) + std::string(64, '0');
  const auto first = Digest::FromHex(std::string_view(padded).substr(0, 64), "asset prefix");
  if (hex_prefix.size() < 2 || hex_prefix.size() > 64 || !first.ok()) {
    return InvalidField("asset prefix", Quoted(hex_prefix), "2 to 64 lowercase hex digits");
  }
  const std::string row = keys::AssetNumberRow(first->bytes[0]);
  // Columns are the other 31 bytes of an id; a shorter bound sorts before all that begin with it.
  const std::string bound(first->view().substr(1, hex_prefix.size() / 2 - 1));
  std::vector<AssetNumber> found;
  const auto take = [&](const Cell& cell) -> absl::StatusOr<bool> {
    const std::string hex = Digest::FromBytes(StrCat(first->view().substr(0, 1), cell.column))
                                .value_or(Digest{})
                                .ToHex();
    if (hex.substr(0, hex_prefix.size()) < hex_prefix) return true;
    if (hex.substr(0, hex_prefix.size()) != hex_prefix) return false;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto number, FindAsset(*Digest::FromHex(hex)));
    if (number.has_value()) found.push_back(*number);
    return found.size() < count_max;
  };
  if (hex_prefix.size() == 64) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto number, FindAsset(*first));
    if (number.has_value()) found.push_back(*number);
    return found;
  }
  TRIBUTARY_RETURN_IF_ERROR(ForEachColumn(*snapshot_, Family::kAsset, row, bound, take));
  return found;
}

absl::StatusOr<std::vector<AssetNumber>> LedgerView::ListPartyAssets(
    std::string_view party, std::optional<AssetNumber> start_after, std::size_t count_max) const {
  std::vector<AssetNumber> assets;
  TRIBUTARY_RETURN_IF_ERROR(
      ForEachColumn(*snapshot_, Family::kIdentity, keys::PartyAssetRow(party),
                    start_after.has_value() ? BigEndian64(start_after->value) : "",
                    [&](const Cell& cell) -> absl::StatusOr<bool> {
                      const AssetNumber number{ReadBigEndian64(cell.column)};
                      if (number.value < tree_size_.value) assets.push_back(number);
                      return assets.size() < count_max;
                    }));
  return assets;
}

}  // namespace tributary
