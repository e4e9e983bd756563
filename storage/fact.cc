#include "storage/fact.h"

#include <algorithm>

#include "graph/merkle/merkle.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

absl::Status CheckDetails(const Record& record, const PrivateDetails& details) {
  if (details.salt.size() != kDetailsSaltSize) {
    return InvalidField("details.salt", StrCat(details.salt.size(), " bytes"), "32 random bytes");
  }
  if (details.bytes.size() > kDetailsSizeMax) {
    return InvalidField("details.content", StrCat(details.bytes.size(), " bytes"),
                        StrCat("at most ", kDetailsSizeMax, " bytes"));
  }
  const Digest digest = DetailsDigest(details);
  if (record.details_digest != digest) {
    return InvalidField(
        "details_digest",
        record.details_digest.has_value() ? record.details_digest->ToHex() : "no value",
        StrCat("SHA-256(salt || content) of the details sent: ", digest.ToHex()));
  }
  return absl::OkStatus();
}

// Sorts the edges and computes the derivation's numbers from them.
absl::Status PrepareEdges(std::vector<Edge>* edges, DerivationRecord* derivation) {
  if (edges->size() > kInlineEdgeCountMax) {
    return FieldError(absl::StatusCode::kResourceExhausted, "edges",
                      StrCat(edges->size(), " edges"),
                      StrCat("at most inline_edge_count_max = ", kInlineEdgeCountMax,
                             "; larger derivations are streamed"));
  }
  std::sort(edges->begin(), edges->end(),
            [](const Edge& a, const Edge& b) { return a.input < b.input; });
  EdgeChecker checker(derivation->generated);
  TreeFrontier tree;
  std::string bytes;
  for (const Edge& edge : *edges) {
    TRIBUTARY_RETURN_IF_ERROR(checker.Add(edge));
    bytes.clear();
    AppendEdgeBytes(edge, checker.weight_sum(), &bytes);
    tree.Append(LeafHash(bytes));
  }
  derivation->edge_count = checker.count();
  derivation->edges_root = tree.Root();
  derivation->weight_sum = checker.weight_sum();
  return absl::OkStatus();
}

}  // namespace

Digest DetailsDigest(const PrivateDetails& details) {
  return Sha256({details.salt, details.bytes});
}

absl::Status CheckDeclared(const DeclaredEdges& declared, const DerivationRecord& computed) {
  if (declared.edge_count.value_or(computed.edge_count) != computed.edge_count) {
    return InvalidField("edge_count", StrCat(*declared.edge_count),
                        StrCat(computed.edge_count, ", the number of edges sent"));
  }
  if (declared.weight_sum.value_or(computed.weight_sum) != computed.weight_sum) {
    return InvalidField("weight_sum", StrCat(*declared.weight_sum),
                        StrCat(computed.weight_sum, ", the sum of the edges' weights"));
  }
  if (declared.edges_root.value_or(computed.edges_root) != computed.edges_root) {
    return InvalidField("edges_root", declared.edges_root->ToHex(),
                        StrCat(computed.edges_root.ToHex(), ", the root over the edges sent"));
  }
  return absl::OkStatus();
}

absl::StatusOr<PreparedFact> PrepareFact(Fact fact, const DeclaredEdges& declared) {
  auto* derivation = std::get_if<DerivationRecord>(&fact.record.body);
  if (derivation != nullptr) {
    TRIBUTARY_RETURN_IF_ERROR(PrepareEdges(&fact.edges, derivation));
    TRIBUTARY_RETURN_IF_ERROR(CheckDeclared(declared, *derivation));
  } else if (!fact.edges.empty()) {
    return InvalidField("edges", StrCat(fact.edges.size(), " edges"), "edges of derivations only");
  }
  SortLists(&fact.record);
  TRIBUTARY_RETURN_IF_ERROR(Validate(fact.record));
  if (fact.details.has_value()) {
    TRIBUTARY_RETURN_IF_ERROR(CheckDetails(fact.record, *fact.details));
  }
  PreparedFact prepared;
  prepared.bytes = EncodeRecord(fact.record);
  prepared.id = RecordId(prepared.bytes);
  prepared.record = std::move(fact.record);
  prepared.edges = std::move(fact.edges);
  prepared.details = std::move(fact.details);
  return prepared;
}

}  // namespace tributary
