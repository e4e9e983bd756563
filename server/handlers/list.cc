#include "server/handlers/list.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/enums.h"
#include "server/convert/record.h"
#include "server/convert/scalars.h"
#include "server/handlers/page.h"
#include "server/handlers/view.h"
#include "storage/keys.h"

namespace tributary::server {
namespace {

// Candidates looked at for one page of ListAssets: some tens of milliseconds. A filter that few
// assets pass then gives short pages instead of one slow one.
constexpr std::size_t kCandidateCountMax = 20'000;
constexpr std::size_t kCandidateBatch = 1'000;
// Bytes of one page of assets, whose names may be long: a page ends before it is too large to send.
constexpr std::size_t kPageBytesMax = 2u << 20;

std::optional<AssetNumber> AssetIn(const std::string& cursor) {
  const std::optional<std::uint64_t> number = NumberIn(cursor);
  if (!number.has_value()) return std::nullopt;
  return AssetNumber{*number};
}

// --- ListAssets ---

// What an asset must be to be listed.
struct AssetFilter {
  std::vector<AssetKind> kinds;  // none: all
  std::string party;             // empty: all
  std::uint64_t number_begin = 0;
  std::uint64_t number_end = 0;
};

absl::StatusOr<AssetFilter> FilterOf(const LedgerView& view, const v1::ListAssetsRequest& request) {
  AssetFilter filter;
  for (const int kind : request.kinds()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const AssetKind parsed,
                               FromProto(static_cast<v1::AssetKind>(kind), "kinds"));
    filter.kinds.push_back(parsed);
  }
  filter.party = request.party();
  if (!filter.party.empty()) TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(filter.party));
  // An asset's number is the position of its first record, and times never decrease along the log.
  filter.number_end = view.tree_size().value;
  if (request.has_accepted_from_ms() && request.accepted_from_ms() > 0) {
    TRIBUTARY_ASSIGN_OR_RETURN(const TimeMs from,
                               TimeFromProto(request.accepted_from_ms() - 1, "accepted_from_ms"));
    TRIBUTARY_ASSIGN_OR_RETURN(const TreeSize begin, view.TreeSizeAt(from));
    filter.number_begin = begin.value;
  }
  if (request.has_accepted_before_ms()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const TimeMs before,
                               TimeFromProto(request.accepted_before_ms(), "accepted_before_ms"));
    if (before.value == 0) {
      filter.number_end = 0;
    } else {
      TRIBUTARY_ASSIGN_OR_RETURN(const TreeSize end, view.TreeSizeAt(TimeMs{before.value - 1}));
      filter.number_end = std::min(filter.number_end, end.value);
    }
  }
  return filter;
}

bool IsHeldBy(const HolderList& holders, const std::string& party) {
  return holders != nullptr &&
         std::any_of(holders->begin(), holders->end(),
                     [&party](const Holder& holder) { return holder.party == party; });
}

// Shape: result i says whether candidates[i] is to be listed.
absl::StatusOr<std::vector<bool>> Passed(const LedgerView& view, const AssetFilter& filter,
                                         const std::vector<AssetNumber>& candidates) {
  std::vector<AssetClass> classes;
  TRIBUTARY_RETURN_IF_ERROR(view.Classify(candidates, &classes));
  std::vector<HolderList> holders;
  if (!filter.party.empty()) TRIBUTARY_RETURN_IF_ERROR(view.ReadHolders(candidates, &holders));
  std::vector<bool> passed(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::uint64_t number = candidates[i].value;
    const bool kind_fits =
        filter.kinds.empty() ||
        std::find(filter.kinds.begin(), filter.kinds.end(), classes[i].kind) != filter.kinds.end();
    const bool party_fits = filter.party.empty() || IsHeldBy(holders[i], filter.party);
    passed[i] =
        kind_fits && party_fits && number >= filter.number_begin && number < filter.number_end;
  }
  return passed;
}

// Candidates in the order of the list, and the cursor behind each of them.
struct Candidates {
  std::vector<AssetNumber> assets;
  std::vector<std::string> cursors;  // to go on after assets[i]
  std::optional<std::string> next;   // to go on after all of them; nullopt: the list ends here
};

absl::StatusOr<Candidates> CandidatesByNumber(const LedgerView& view, const AssetFilter& filter,
                                              const std::string& cursor) {
  const std::optional<std::uint64_t> after = NumberIn(cursor);
  const std::uint64_t start = after.has_value() ? *after + 1 : filter.number_begin;
  Candidates candidates;
  if (start >= filter.number_end) return candidates;
  TRIBUTARY_ASSIGN_OR_RETURN(const LedgerView::AssetPage page,
                             view.ListAssets(LogPosition{start}, kCandidateBatch, kCandidateBatch));
  for (const AssetSummaryView& asset : page.assets) {
    candidates.assets.push_back(asset.number);
    candidates.cursors.push_back(BigEndian64(asset.number.value));
  }
  if (page.next.has_value()) candidates.next = BigEndian64(page.next->value - 1);
  return candidates;
}

absl::StatusOr<Candidates> CandidatesByParty(const LedgerView& view, const AssetFilter& filter,
                                             const std::string& cursor) {
  Candidates candidates;
  TRIBUTARY_ASSIGN_OR_RETURN(candidates.assets,
                             view.ListPartyAssets(filter.party, AssetIn(cursor), kCandidateBatch));
  for (const AssetNumber asset : candidates.assets) {
    candidates.cursors.push_back(BigEndian64(asset.value));
  }
  if (candidates.assets.size() == kCandidateBatch) candidates.next = candidates.cursors.back();
  return candidates;
}

absl::StatusOr<Candidates> CandidatesByAlias(const LedgerView& view, const std::string& prefix,
                                             const std::string& cursor) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::string> aliases,
                             view.ListAliases(prefix, cursor, kCandidateBatch));
  Candidates candidates;
  for (const std::string& alias : aliases) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<StoredRecord> record, view.FindAlias(alias));
    if (!record.has_value()) continue;
    TRIBUTARY_ASSIGN_OR_RETURN(const AliasRecord body, BodyOf<AliasRecord>(*record));
    TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber asset, view.RequireAsset(body.asset, "alias"));
    // An asset with several such aliases stands where the first of them does.
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::string> all,
                               view.ReadAliases(asset, std::numeric_limits<std::size_t>::max()));
    const auto first = std::lower_bound(all.begin(), all.end(), prefix);
    if (first == all.end() || *first != alias) continue;
    candidates.assets.push_back(asset);
    candidates.cursors.push_back(alias);
  }
  if (aliases.size() == kCandidateBatch) candidates.next = aliases.back();
  return candidates;
}

absl::StatusOr<Candidates> NextCandidates(const LedgerView& view,
                                          const v1::ListAssetsRequest& request,
                                          const AssetFilter& filter, const std::string& cursor) {
  if (!request.alias_prefix().empty()) {
    return CandidatesByAlias(view, request.alias_prefix(), cursor);
  }
  if (!filter.party.empty()) return CandidatesByParty(view, filter, cursor);
  return CandidatesByNumber(view, filter, cursor);
}

// Assets of one page, and where the list goes on.
struct AssetPage {
  std::vector<AssetNumber> assets;
  std::vector<std::string> cursors;  // to go on after assets[i]
  std::optional<std::string> next;   // to go on after all of them; nullopt: the list ends here
};

absl::StatusOr<AssetPage> CollectPage(const LedgerView& view, const v1::ListAssetsRequest& request,
                                      const AssetFilter& filter, std::size_t page_size,
                                      const std::string& cursor) {
  AssetPage page;
  page.next = cursor;
  std::size_t looked_at = 0;
  while (page.next.has_value() && looked_at < kCandidateCountMax) {
    TRIBUTARY_ASSIGN_OR_RETURN(Candidates candidates,
                               NextCandidates(view, request, filter, *page.next));
    looked_at += kCandidateBatch;
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<bool> passed,
                               Passed(view, filter, candidates.assets));
    for (std::size_t i = 0; i < candidates.assets.size(); ++i) {
      if (!passed[i]) continue;
      page.assets.push_back(candidates.assets[i]);
      page.cursors.push_back(std::move(candidates.cursors[i]));
      if (page.assets.size() < page_size) continue;
      page.next = page.cursors.back();
      return page;
    }
    page.next = std::move(candidates.next);
  }
  return page;
}

// Cuts the page where its bytes would be too many, but not before its first asset.
void CutPage(AssetPage* page, google::protobuf::RepeatedPtrField<v1::AssetSummary>* assets) {
  std::size_t size = 0;
  int kept = 0;
  while (kept < assets->size() && (kept == 0 || size < kPageBytesMax)) {
    size += assets->Get(kept++).ByteSizeLong();
  }
  if (kept == assets->size()) return;
  assets->DeleteSubrange(kept, assets->size() - kept);
  page->next = page->cursors[static_cast<std::size_t>(kept - 1)];
}

// --- Edges ---

absl::Status AppendUpstream(const Page& page, AssetNumber asset, const std::string& asset_id,
                            std::size_t page_size, v1::ListEdgesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<LogPosition> position,
                             page.view->DerivationPosition(asset));
  if (!position.has_value()) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const DerivationView derivation,
                             page.view->ReadDerivationAt(*position));
  const std::size_t count = derivation.edges->count();
  const std::uint64_t cursor = NumberIn(page.cursor).value_or(0);
  const std::size_t first = std::min<std::size_t>(cursor, count);
  const std::size_t last = first + std::min(page_size, count - first);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Edge> edges,
                             page.view->ReadEdges(derivation, first, last - first));
  for (std::size_t i = 0; i < edges.size(); ++i) {
    v1::LineageEdge* message = response->add_edges();
    message->set_generated(asset_id);
    message->set_input(ToProto(edges[i].input));
    message->set_role(ToProto(edges[i].role));
    message->set_weight(edges[i].weight);
    message->set_basis(ToProto(edges[i].basis));
    message->set_cumulative_weight(derivation.edges->cumulative_weights[first + i]);
    message->set_edge_index(first + i);
    message->set_denominator(derivation.denominator);
    message->set_derivation_position(position->value);
  }
  if (last < count) response->set_next_page_token(page.TokenFor(BigEndian64(last)));
  return absl::OkStatus();
}

absl::Status AppendDownstream(const Page& page, AssetNumber asset, const std::string& asset_id,
                              std::size_t page_size, v1::ListEdgesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(
      const std::vector<LedgerView::ConsumerEdge> consumers,
      page.view->ListConsumers(asset, LogPosition{NumberIn(page.cursor).value_or(0)}, page_size));
  std::vector<AssetNumber> generated;
  for (const LedgerView::ConsumerEdge& edge : consumers) generated.push_back(edge.generated);
  std::vector<Digest> ids;
  TRIBUTARY_RETURN_IF_ERROR(page.view->ReadAssetIds(generated, &ids));
  for (std::size_t i = 0; i < consumers.size(); ++i) {
    const LedgerView::ConsumerEdge& edge = consumers[i];
    TRIBUTARY_ASSIGN_OR_RETURN(const DerivationView derivation,
                               page.view->ReadDerivationAt(edge.derivation));
    v1::LineageEdge* message = response->add_edges();
    message->set_generated(ToProto(ids[i]));
    message->set_input(asset_id);
    message->set_role(ToProto(derivation.edges->roles[edge.edge_index]));
    message->set_weight(derivation.edges->weight(edge.edge_index));
    message->set_basis(ToProto(derivation.edges->bases[edge.edge_index]));
    message->set_cumulative_weight(derivation.edges->cumulative_weights[edge.edge_index]);
    message->set_edge_index(edge.edge_index);
    message->set_denominator(derivation.denominator);
    message->set_derivation_position(edge.derivation.value);
  }
  if (consumers.size() == page_size) {
    response->set_next_page_token(page.TokenFor(BigEndian64(consumers.back().derivation.value)));
  }
  return absl::OkStatus();
}

// The position of the derivation that a request names by record id or by generated asset.
absl::StatusOr<LogPosition> FindDerivation(const LedgerView& view,
                                           const v1::GetEdgesRequest& request) {
  if (request.has_record_id()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const Digest id, DigestFromProto(request.record_id(), "record_id"));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<LogPosition> position, view.FindRecord(id));
    if (position.has_value()) return *position;
    return FieldError(absl::StatusCode::kNotFound, "record_id", id.ToHex(),
                      StrCat("a record below tree size ", view.tree_size().value));
  }
  if (!request.has_generated()) {
    return InvalidField("derivation", "nothing", "record_id or generated");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber asset,
                             FindRequired(view, request.generated(), "generated"));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<LogPosition> position,
                             view.DerivationPosition(asset));
  if (position.has_value()) return *position;
  return FieldError(absl::StatusCode::kNotFound, "generated", "an asset without a derivation",
                    "an asset with a derivation in force");
}

}  // namespace

absl::Status ListAssets(Env& env, const v1::ListAssetsRequest& request,
                        v1::ListAssetsResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size,
                             PageSize(request.page_size(), env.limits.page_size_default,
                                      env.limits.page_size_max, "page_size_max"));
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetFilter filter, FilterOf(*page.view, request));
  TRIBUTARY_ASSIGN_OR_RETURN(AssetPage assets,
                             CollectPage(*page.view, request, filter, page_size, page.cursor));
  TRIBUTARY_RETURN_IF_ERROR(AppendSummaries(*page.view, assets.assets, response->mutable_assets()));
  CutPage(&assets, response->mutable_assets());
  response->set_tree_size(page.view->tree_size().value);
  if (assets.next.has_value()) response->set_next_page_token(page.TokenFor(*assets.next));
  return absl::OkStatus();
}

absl::Status ListEdges(Env& env, const v1::ListEdgesRequest& request,
                       v1::ListEdgesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size,
                             PageSize(request.page_size(), env.limits.page_size_default,
                                      env.limits.page_size_max, "page_size_max"));
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber asset,
                             FindRequired(*page.view, request.asset_id(), "asset_id"));
  response->set_tree_size(page.view->tree_size().value);
  switch (request.direction()) {
    case v1::DIRECTION_UPSTREAM:
      return AppendUpstream(page, asset, request.asset_id(), page_size, response);
    case v1::DIRECTION_DOWNSTREAM:
      return AppendDownstream(page, asset, request.asset_id(), page_size, response);
    default:
      return InvalidField("direction", "no direction", "upstream downstream");
  }
}

absl::Status GetEdges(Env& env, const v1::GetEdgesRequest& request,
                      v1::GetEdgesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size,
                             PageSize(request.page_size(), env.limits.edge_page_size_default,
                                      env.limits.edge_page_size_max, "edge_page_size_max"));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(const LogPosition position, FindDerivation(*view, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const DerivationView derivation, view->ReadDerivationAt(position));
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, view->ReadRecord(position));
  TRIBUTARY_ASSIGN_OR_RETURN(const DerivationRecord body, BodyOf<DerivationRecord>(record));
  const std::size_t count = derivation.edges->count();
  if (request.first_index() > count) {
    return FieldError(absl::StatusCode::kOutOfRange, "first_index", StrCat(request.first_index()),
                      StrCat("0 to ", count, ", the number of edges"));
  }
  const auto first = static_cast<std::size_t>(request.first_index());
  TRIBUTARY_ASSIGN_OR_RETURN(
      const std::vector<Edge> edges,
      view->ReadEdges(derivation, first, std::min(page_size, count - first)));
  response->set_tree_size(view->tree_size().value);
  ToProto(record, response->mutable_record());
  ToProto(body, response->mutable_derivation());
  response->set_first_index(first);
  if (first > 0) {
    response->set_cumulative_before(derivation.edges->cumulative_weights[first - 1]);
  }
  ToProto(edges, response->mutable_edges());
  return absl::OkStatus();
}

}  // namespace tributary::server
