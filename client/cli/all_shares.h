// Attributions of any size, written as they come.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "client/cli/session.h"
#include "tributary/v1/attribution_service.pb.h"

namespace tributary::cli {

// Writes every line of an attribution as CSV (line_kind, id, grains) to standard output, one block
// of the stream at a time, and adds up what was written.
// Errors: those of AttributeAssetStream; kDataLoss, the lines do not add up to the totals, or these
// not to what was placed. What was written before an error is not a whole answer.
absl::Status WriteAllShares(Session& session, const std::string& asset_id, v1::AttributionView view,
                            std::uint64_t tree_size);

}  // namespace tributary::cli
