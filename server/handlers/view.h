// What read handlers share: the view to answer from, and assets in it.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/env.h"
#include "storage/ledger_view.h"
#include "tributary/v1/types.pb.h"

namespace tributary::server {

// The state that `at` asks for; a time is resolved to a tree size.
// Errors: kNotFound (the ledger), kOutOfRange naming `at.tree_size` or `at.time_ms`.
absl::StatusOr<std::shared_ptr<LedgerView>> OpenView(Env& env, const std::string& ledger,
                                                     const v1::ReadPoint& at);

// The asset with the id in a request. Errors: kInvalidArgument, kNotFound naming `field`.
absl::StatusOr<AssetNumber> FindRequired(const LedgerView& view, std::string_view asset_id,
                                         std::string_view field);

// Kind and name of assets. Shape: result i belongs to assets[i].
struct AssetLabel {
  AssetKind kind = AssetKind::kUnknown;
  std::string name;
};
absl::StatusOr<std::vector<AssetLabel>> ReadLabels(const LedgerView& view,
                                                   std::span<const AssetNumber> assets);

// Shape: messages follow the order of `assets`.
absl::Status AppendSummaries(const LedgerView& view, std::span<const AssetNumber> assets,
                             google::protobuf::RepeatedPtrField<v1::AssetSummary>* messages);

// The body of a stored record. kDataLoss if it is of another type, since an index led here.
template <typename Body>
absl::StatusOr<Body> BodyOf(const StoredRecord& record) {
  const Body* body = std::get_if<Body>(&record.record.body);
  if (body == nullptr) {
    return absl::DataLossError("the record at position " + std::to_string(record.position.value) +
                               " is not of the type that its index says");
  }
  return *body;
}

}  // namespace tributary::server
