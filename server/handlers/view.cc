#include "server/handlers/view.h"

#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/enums.h"
#include "server/convert/scalars.h"

namespace tributary::server {
namespace {

absl::StatusOr<TreeSize> ResolveTime(Env& env, const Ledger& ledger, std::int64_t time_ms) {
  TRIBUTARY_ASSIGN_OR_RETURN(const TimeMs time, TimeFromProto(time_ms, "at.time_ms"));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> newest,
                             ledger.ViewAt(std::nullopt, &env.cancel));
  TRIBUTARY_ASSIGN_OR_RETURN(const TreeSize tree_size, newest->TreeSizeAt(time));
  if (tree_size.value == 0) {
    return FieldError(absl::StatusCode::kOutOfRange, "at.time_ms", FormatTime(time),
                      "a time not before the ledger's first record");
  }
  return tree_size;
}

std::vector<LogPosition> PositionsOf(const std::vector<AssetSummaryView>& assets) {
  std::vector<LogPosition> positions;
  positions.reserve(assets.size());
  for (const AssetSummaryView& asset : assets) positions.push_back(asset.record_position);
  return positions;
}

}  // namespace

absl::StatusOr<std::shared_ptr<LedgerView>> OpenView(Env& env, const std::string& ledger_name,
                                                     const v1::ReadPoint& at) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<Ledger> ledger, env.ledgers.Find(ledger_name));
  std::optional<TreeSize> tree_size;
  if (at.has_tree_size()) tree_size = TreeSize{at.tree_size()};
  if (at.has_time_ms()) {
    TRIBUTARY_ASSIGN_OR_RETURN(tree_size, ResolveTime(env, *ledger, at.time_ms()));
  }
  auto view = ledger->ViewAt(tree_size, &env.cancel);
  if (absl::IsOutOfRange(view.status())) return WithField(view.status(), "at.tree_size");
  return view;
}

absl::StatusOr<AssetNumber> FindRequired(const LedgerView& view, std::string_view asset_id,
                                         std::string_view field) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest id, DigestFromProto(asset_id, field));
  return view.RequireAsset(id, field);
}

absl::StatusOr<std::vector<AssetLabel>> ReadLabels(const LedgerView& view,
                                                   std::span<const AssetNumber> assets) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<AssetSummaryView> summaries,
                             view.DescribeAssets(assets));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<StoredRecord> records,
                             view.ReadRecords(PositionsOf(summaries)));
  std::vector<AssetLabel> labels;
  labels.reserve(records.size());
  for (const StoredRecord& record : records) {
    TRIBUTARY_ASSIGN_OR_RETURN(AssetRecord asset, BodyOf<AssetRecord>(record));
    labels.push_back({asset.kind, std::move(asset.name)});
  }
  return labels;
}

absl::Status AppendSummaries(const LedgerView& view, std::span<const AssetNumber> assets,
                             google::protobuf::RepeatedPtrField<v1::AssetSummary>* messages) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<AssetSummaryView> summaries,
                             view.DescribeAssets(assets));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<StoredRecord> records,
                             view.ReadRecords(PositionsOf(summaries)));
  for (std::size_t i = 0; i < summaries.size(); ++i) {
    TRIBUTARY_ASSIGN_OR_RETURN(const AssetRecord asset, BodyOf<AssetRecord>(records[i]));
    v1::AssetSummary* message = messages->Add();
    message->set_asset_id(ToProto(summaries[i].id));
    message->set_kind(ToProto(asset.kind));
    message->set_name(asset.name);
    ToProto(records[i], message->mutable_record());
    message->set_is_derived(summaries[i].state.is_derived);
    message->set_has_holders(summaries[i].state.has_holders);
  }
  return absl::OkStatus();
}

}  // namespace tributary::server
