// Presents an attribution by asset: the largest shares, and the rest as one line.

#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/attribution/attribution.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/cancel.h"

namespace tributary {

// Which of the grains kept by assets. The two are never mixed in one list.
enum class SharePart : std::uint8_t { kRetained = 0, kUndisclosed };

struct ShareLine {
  Digest asset;
  LineageSubgraph::Vertex vertex = 0;
  Grains grains = 0;
  friend bool operator==(const ShareLine&, const ShareLine&) = default;
};

struct TopShares {
  std::vector<ShareLine> lines;  // descending grains, ties to the smaller asset id; none is zero
  OtherLines others;
};

// The `count_max` largest shares of one part. Lines and others add up to that part's total; others
// counts the assets with at least one grain that are not listed.
//
// Errors: kCancelled, kDeadlineExceeded and the reader's own.
// Cost:   O(V log k) time, 4 bytes a vertex; ids are read for listed assets and for those tied with
//         the last of them.
absl::StatusOr<TopShares> SelectTopShares(const LineageReader& reader,
                                          const LineageSubgraph& subgraph,
                                          const AttributionResult& result, SharePart part,
                                          std::size_t count_max,
                                          const CancelToken* cancel = nullptr);

}  // namespace tributary
