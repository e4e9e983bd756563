// Facts as JSON lines: docs/formats/records.md, "Import and export lines".

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/import_fact.h"
#include "graph/model/canonical_json.h"

namespace tributary::cli {

// Of one line. A derivation of 10,000,000 edges takes about 1.5 GB at 150 bytes an edge.
inline constexpr std::size_t kLineSizeMax = std::size_t{2} << 30;

// A line as JSON, its edges taken out while it was read: a long list never becomes a tree.
struct FactLine {
  JsonValue::Object fields;
  std::vector<Edge> edges;
  std::vector<AliasReference> references;  // of edges
  bool has_edges = false;                  // the key was there
};

// Errors: kInvalidArgument: not JSON, a key twice, a float, null, boolean or negative number, more
// than kJsonDepthMax levels, or an edge that breaks a rule.
absl::StatusOr<FactLine> ParseFactLine(std::string_view line);

// One fact of the ledger `ledger`. What can be judged from the line alone is checked here.
// Errors: kInvalidArgument, naming field, found and allowed.
absl::StatusOr<ImportFact> FactFromLine(std::string_view line, std::string_view ledger);

// Turns fields of the schema into a fact, as FactFromLine does: for other formats.
absl::StatusOr<ImportFact> FactFromFields(FactLine line, std::string_view ledger);

// --- Writing ---

// Appends the line's object without its closing brace and without edges and details: `type` first,
// then the other keys in ascending order; without what an import computes (ledger; of a derivation
// edge_count, edges_root and weight_sum).
// Errors: kDataLoss, the bytes are not a record.
absl::Status AppendFactFields(std::string_view canonical_bytes, std::string* out);
// Appends `{"input":…,"role":…,"weight":…,"basis":…}`; basis only where it is not `declared`.
void AppendEdgeObject(const Edge& edge, std::string* out);
// Appends `"details":{"salt":…,"bytes":…}`.
void AppendDetails(std::string_view salt, std::string_view content, std::string* out);

}  // namespace tributary::cli
