// Gives what came to rest where in sales to its payees, and collects it in one of two forms.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/settlement/policy.h"

namespace tributary {

// Whose grains are, without a string of its own.
struct PayeeView {
  PayeeKind kind = PayeeKind::kUnattributed;
  std::string_view party = {};    // kParty
  const Digest* asset = nullptr;  // kUnclaimed, kUndisclosed
};

// Where lines go, one for each payee, reason and place; never with zero grains.
class LineSink {
 public:
  using Hold = std::optional<std::uint32_t>;

  virtual ~LineSink() = default;
  virtual void Add(const PayeeView& payee, const LineReason& reason, Hold hold, Grains grains) = 0;
  // Called after every few thousand lines: limits are checked here.
  virtual absl::Status EndBatch() = 0;
};

// Lines with their reasons, those of one payee, reason and hold added up.
class ReasonedLines final : public LineSink {
 public:
  explicit ReasonedLines(std::size_t line_count_max) : line_count_max_(line_count_max) {}

  void Add(const PayeeView& payee, const LineReason& reason, Hold hold, Grains grains) override;
  absl::Status EndBatch() override;
  // Not for reuse afterwards.
  absl::StatusOr<std::vector<SaleLine>> Finish();

 private:
  absl::Status Merge();

  const std::size_t line_count_max_;
  std::vector<SaleLine> lines_;
};

// Grains are added per asset, their holders read in batches; a grain that no hold has caught yet is
// held by a hold on its asset, else by one on its party.
class LineCollector {
 public:
  // All references outlive the collector.
  LineCollector(const LineageReader& reader, const LineageSubgraph& subgraph,
                const PolicyRecord& policy, const HoldIndex& holds, const CancelToken* cancel,
                LineSink* sink)
      : reader_(reader),
        subgraph_(subgraph),
        policy_(policy),
        holds_(holds),
        cancel_(cancel),
        sink_(sink) {}

  using Hold = LineSink::Hold;

  // Reads the holders of the asset sold where the policy may need them.
  absl::Status Begin();

  void AddParty(const std::string& party, Grains grains, const LineReason& reason);
  void AddUnattributed(Grains grains, const LineReason& reason, Hold hold);
  // Of an asset's holders, or unclaimed.
  absl::Status AddRetained(LineageSubgraph::Vertex vertex, Grains grains, const LineReason& reason,
                           Hold hold);
  absl::Status AddUndisclosed(LineageSubgraph::Vertex vertex, Grains grains,
                              const LineReason& reason, Hold hold);
  // Hands out what still waits.
  absl::Status Flush();

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
  absl::Status ReadBatch();
  absl::Status SplitOverSold(Grains grains, const LineReason& reason, Hold hold);
  absl::Status SplitOver(const HolderList& holders, Grains grains, const LineReason& reason,
                         Hold hold);
  absl::Status Split(std::span<const Holder> holders, Grains grains, const LineReason& reason,
                     Hold hold);
  void AddLine(const PayeeView& payee, Grains grains, const LineReason& reason, Hold hold);

  const LineageReader& reader_;
  const LineageSubgraph& subgraph_;
  const PolicyRecord& policy_;
  const HoldIndex& holds_;
  const CancelToken* cancel_;
  LineSink* sink_;

  HolderList sold_asset_holders_;  // null: nobody
  std::vector<Waiting> waiting_;
  std::size_t split_count_ = 0;  // lines of holders of the asset sold since the last batch
  // Of a batch; kept to be filled again.
  std::vector<AssetNumber> held_;
  std::vector<AssetNumber> named_;
  std::vector<HolderList> holders_read_;
  std::vector<Digest> ids_read_;
};

}  // namespace tributary
