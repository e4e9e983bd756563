// Collects what came to rest where in one sale, and turns it into lines per payee and reason.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/settlement/policy.h"

namespace tributary {

// Grains are added per asset, their holders read in batches; a grain that no hold has caught yet is
// held by a hold on its asset, else by one on its party. Not for reuse after Finish.
class SaleLines {
 public:
  // All references outlive the collector.
  SaleLines(const LineageReader& reader, const LineageSubgraph& subgraph,
            const PolicyRecord& policy, const HoldIndex& holds, std::size_t line_count_max,
            const CancelToken* cancel)
      : reader_(reader),
        subgraph_(subgraph),
        policy_(policy),
        holds_(holds),
        line_count_max_(line_count_max),
        cancel_(cancel) {}

  using Hold = std::optional<std::uint32_t>;

  // Reads the holders of the asset sold where the policy may need them.
  absl::Status Begin();

  void AddParty(const std::string& party, Grains grains, const LineReason& reason);
  void AddUnattributed(Grains grains, const LineReason& reason, Hold hold);
  // Of an asset's holders, or unclaimed.
  absl::Status AddRetained(LineageSubgraph::Vertex vertex, Grains grains, const LineReason& reason,
                           Hold hold);
  absl::Status AddUndisclosed(LineageSubgraph::Vertex vertex, Grains grains,
                              const LineReason& reason, Hold hold);

  absl::StatusOr<std::vector<SaleLine>> Finish();

 private:
  // Grains at one asset that wait for its holders (to split them) or its id (to name the line).
  struct Waiting {
    LineageSubgraph::Vertex vertex = 0;
    PayeeKind named = PayeeKind::kParty;  // kParty: its holders'; else the line of this kind
    Grains grains = 0;
    LineReason reason;
    Hold hold;
  };

  absl::Status Wait(Waiting waiting);
  absl::Status Flush();
  absl::Status ReadBatch(std::vector<std::vector<Holder>>* holders, std::vector<Digest>* ids);
  absl::Status Split(const std::vector<Holder>& holders, Grains grains, const LineReason& reason,
                     Hold hold);
  void AddLine(Payee payee, Grains grains, const LineReason& reason, Hold hold);
  // Adds up lines of one payee, reason and hold.
  absl::Status Merge();

  const LineageReader& reader_;
  const LineageSubgraph& subgraph_;
  const PolicyRecord& policy_;
  const HoldIndex& holds_;
  const std::size_t line_count_max_;
  const CancelToken* cancel_;

  std::vector<Holder> sold_asset_holders_;
  std::vector<Waiting> waiting_;
  std::vector<SaleLine> lines_;
};

}  // namespace tributary
