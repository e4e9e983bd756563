#include "client/cli/all_shares.h"

#include <optional>

#include "client/cli/progress.h"
#include "client/cli/table.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"
#include "graph/model/uint128.h"

namespace tributary::cli {
namespace {

constexpr std::size_t kGrainsSize = 16;  // bytes of one amount in a block

Grains FixedGrains(std::string_view bytes) {
  Grains grains = 0;
  for (const char c : bytes) grains = grains << 8 | static_cast<unsigned char>(c);
  return grains;
}

class AllSharesWriter {
 public:
  explicit AllSharesWriter(Progress* progress) : progress_(progress) {
    WriteOut("line_kind,id,grains\r\n");
  }

  absl::Status Add(const v1::AttributeAssetStreamResponse& response) {
    if (response.has_header()) {
      TRIBUTARY_ASSIGN_OR_RETURN(placed_, GrainsOf(response.header().placed_grains()));
    }
    if (response.has_block()) return AddBlock(response.block());
    if (response.has_totals()) return Finish(response.totals());
    return absl::OkStatus();
  }

  bool is_finished() const { return finished_; }

 private:
  absl::Status AddBlock(const v1::AttributeAssetStreamResponse::Block& block) {
    const std::size_t count = block.grains().size() / kGrainsSize;
    const bool by_party = block.kind() == v1::LINE_KIND_PARTY;
    const bool fits = block.grains().size() % kGrainsSize == 0 &&
                      (by_party ? static_cast<std::size_t>(block.parties_size()) == count
                                : block.asset_ids().size() == count * kDigestSize);
    if (!fits) return absl::DataLossError("attribution: the arrays of a block differ in length");
    std::string text;
    const std::string_view ids = block.asset_ids();
    for (std::size_t i = 0; i < count; ++i) {
      const Grains grains =
          FixedGrains(std::string_view(block.grains()).substr(i * kGrainsSize, kGrainsSize));
      listed_ += grains;
      StrAppend(&text, NameOf(block.kind()), ",");
      if (by_party)
        AppendCsvField(block.parties(static_cast<int>(i)), &text);
      else
        text.append(ToHex(ids.substr(i * kDigestSize, kDigestSize)));
      StrAppend(&text, ",", ToDecimal(grains), "\r\n");
    }
    line_count_ += count;
    progress_->Update(line_count_);
    WriteOut(text);
    return absl::OkStatus();
  }

  absl::Status Finish(const v1::AttributeAssetStreamResponse::Totals& totals) {
    TRIBUTARY_ASSIGN_OR_RETURN(const Grains shares, GrainsOf(totals.shares_grains()));
    TRIBUTARY_ASSIGN_OR_RETURN(const Grains unclaimed, GrainsOf(totals.unclaimed_grains()));
    TRIBUTARY_ASSIGN_OR_RETURN(const Grains undisclosed, GrainsOf(totals.undisclosed_grains()));
    TRIBUTARY_ASSIGN_OR_RETURN(const Grains unattributed, GrainsOf(totals.unattributed_grains()));
    const Grains listed = shares + unclaimed + undisclosed;
    if (listed != listed_ || listed + unattributed != placed_ ||
        totals.line_count() != line_count_) {
      return absl::DataLossError("attribution: lines do not add up to what was placed");
    }
    if (unattributed > 0) {
      WriteOut(StrCat(NameOf(v1::LINE_KIND_UNATTRIBUTED), ",,", ToDecimal(unattributed), "\r\n"));
    }
    finished_ = true;
    return absl::OkStatus();
  }

  Progress* progress_;
  Grains placed_ = 0;
  Grains listed_ = 0;
  std::uint64_t line_count_ = 0;
  bool finished_ = false;
};

}  // namespace

absl::Status WriteAllShares(Session& session, const std::string& asset_id, v1::AttributionView view,
                            std::uint64_t tree_size) {
  v1::AttributeAssetStreamRequest request;
  request.set_ledger(session.ledger);
  SetReadPoint(tree_size, &request);
  request.set_asset_id(asset_id);
  request.set_view(view);
  Progress progress("Reading", 0);
  AllSharesWriter writer(&progress);
  const auto add = [&writer](const v1::AttributeAssetStreamResponse& response) {
    return writer.Add(response);
  };
  TRIBUTARY_RETURN_IF_ERROR(
      session.client().Stream(&v1::AttributionService::Stub::AttributeAssetStream, request, add));
  if (writer.is_finished()) return absl::OkStatus();
  return absl::DataLossError("attribution: the stream ended without its totals");
}

}  // namespace tributary::cli
