#include "server/handlers/attribution.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "graph/attribution/attribution.h"
#include "graph/attribution/payees.h"
#include "graph/attribution/top_shares.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/ordering.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/settlement/quote.h"
#include "server/convert/enums.h"
#include "server/convert/scalars.h"
#include "server/handlers/view.h"
#include "server/handlers/walk_limits.h"

namespace tributary::server {
namespace {

using Vertex = LineageSubgraph::Vertex;

// Lines of one message of AttributeAssetStream: 16,384 of 48 bytes are 768 KiB.
constexpr std::size_t kBlockLineCount = 16'384;

constexpr std::size_t kErrorSizeMax = 1'024;  // bytes of the message of one asset's error

// A target attributed, before anything is chosen from it for an answer.
struct AttributedTarget {
  LineageSubgraph subgraph;
  AttributionResult result;
};

absl::StatusOr<AttributedTarget> Compute(Env& env, const LedgerView& view,
                                         std::string_view asset_id, std::string_view field,
                                         Grains placed) {
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber target, FindRequired(view, asset_id, field));
  auto collected =
      CollectUpstream(view, target, CollectLimitsOf(env.limits), &env.cancel, env.scratch);
  if (!collected.ok()) return WalkError(collected.status());
  TRIBUTARY_ASSIGN_OR_RETURN(AttributionResult result,
                             AttributeGrains(*collected, placed, &env.cancel));
  return AttributedTarget{*std::move(collected), std::move(result)};
}

absl::StatusOr<std::vector<PayeeLine>> Payees(Env& env, const LedgerView& view,
                                              const AttributedTarget& computed) {
  return SplitOverPayees(view, computed.subgraph, computed.result,
                         {.line_count_max = env.limits.line_count_max}, &env.cancel);
}

v1::LineKind KindOf(PayeeKind kind) {
  switch (kind) {
    case PayeeKind::kParty:
      return v1::LINE_KIND_PARTY;
    case PayeeKind::kUnattributed:
      return v1::LINE_KIND_UNATTRIBUTED;
    case PayeeKind::kUnclaimed:
      return v1::LINE_KIND_UNCLAIMED;
    case PayeeKind::kUndisclosed:
      return v1::LINE_KIND_UNDISCLOSED;
  }
  return v1::LINE_KIND_UNSPECIFIED;
}

bool HasAsset(const Payee& payee) {
  return payee.kind() == PayeeKind::kUnclaimed || payee.kind() == PayeeKind::kUndisclosed;
}

// How many lines of each list may be listed; top_k 0 asks for all of them.
// Errors: kResourceExhausted naming attribution_line_count_max.
absl::StatusOr<std::size_t> ListedCountMax(const Limits& limits, std::uint32_t top_k) {
  const std::uint64_t line_count_max = limits.attribution_line_count_max;
  if (top_k > line_count_max) {
    return LimitExceeded("top_k", top_k, "attribution_line_count_max", line_count_max);
  }
  return static_cast<std::size_t>(top_k == 0 ? line_count_max : top_k);
}

// Refuses to leave lines out of an answer that was to have all of them.
absl::Status CheckAllListed(const Limits& limits, std::uint32_t top_k, std::uint64_t listed_count,
                            std::uint64_t others_count) {
  if (top_k != 0 || others_count == 0) return absl::OkStatus();
  return LimitExceeded("lines of the answer (ask for top_k, or for a stream)",
                       listed_count + others_count, "attribution_line_count_max",
                       limits.attribution_line_count_max);
}

void SetOthers(Grains total, const OtherLines& others, v1::ShareList* list) {
  list->set_total_grains(ToBigEndian(total));
  list->set_others_grains(ToBigEndian(others.grains));
  list->set_others_count(others.count);
}

// --- By asset ---

absl::Status FillAssetList(Env& env, const LedgerView& view, const AttributedTarget& computed,
                           SharePart part, std::uint32_t top_k, v1::ShareList* list) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t count_max, ListedCountMax(env.limits, top_k));
  TRIBUTARY_ASSIGN_OR_RETURN(
      const TopShares top,
      SelectTopShares(view, computed.subgraph, computed.result, part, count_max, &env.cancel));
  TRIBUTARY_RETURN_IF_ERROR(CheckAllListed(env.limits, top_k, top.lines.size(), top.others.count));
  const bool retained = part == SharePart::kRetained;
  for (const ShareLine& line : top.lines) {
    v1::ShareLine* message = list->add_lines();
    message->set_kind(retained ? v1::LINE_KIND_ASSET : v1::LINE_KIND_UNDISCLOSED);
    message->set_asset_id(ToProto(line.asset));
    message->set_grains(ToBigEndian(line.grains));
  }
  SetOthers(retained ? computed.result.retained_total : computed.result.undisclosed_total,
            top.others, list);
  return absl::OkStatus();
}

absl::Status FillByAsset(Env& env, const LedgerView& view, const AttributedTarget& computed,
                         std::uint32_t top_k, v1::Attribution* answer) {
  TRIBUTARY_RETURN_IF_ERROR(
      FillAssetList(env, view, computed, SharePart::kRetained, top_k, answer->mutable_shares()));
  TRIBUTARY_RETURN_IF_ERROR(FillAssetList(env, view, computed, SharePart::kUndisclosed, top_k,
                                          answer->mutable_undisclosed()));
  SetOthers(0, {}, answer->mutable_unclaimed());
  return absl::OkStatus();
}

// --- By payee ---

// Lines in ascending order of payee become lines in descending order of grains, ties to the smaller
// payee; only the first `count` are put in order.
template <typename Line>
absl::Status SortGreatestFirst(std::size_t count, const CancelToken& cancel,
                               std::vector<Line>* lines) {
  const auto comes_first = [](const Line& a, const Line& b) {
    if (a.grains != b.grains) return a.grains > b.grains;
    return a.payee < b.payee;
  };
  return SelectUnlessCancelled(std::span(*lines), count, comes_first, &cancel);
}

void FillLine(const PayeeLine& line, v1::ShareLine* message) {
  message->set_kind(KindOf(line.payee.kind()));
  if (line.payee.kind() == PayeeKind::kParty) message->set_party(line.payee.party());
  if (HasAsset(line.payee)) message->set_asset_id(ToProto(line.payee.asset()));
  message->set_grains(ToBigEndian(line.grains));
}

absl::Status FillPayeeList(Env& env, std::vector<PayeeLine> lines, std::uint32_t top_k,
                           v1::ShareList* list) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t count_max, ListedCountMax(env.limits, top_k));
  const std::size_t listed_count = std::min(count_max, lines.size());
  TRIBUTARY_RETURN_IF_ERROR(SortGreatestFirst(listed_count, env.cancel, &lines));
  Grains total = 0;
  OtherLines others{0, lines.size() - listed_count};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    total += lines[i].grains;
    if (i < listed_count) {
      FillLine(lines[i], list->add_lines());
    } else {
      others.grains += lines[i].grains;
    }
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckAllListed(env.limits, top_k, listed_count, others.count));
  SetOthers(total, others, list);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PayeeLine>> TakeKind(Env& env, PayeeKind kind,
                                                const std::vector<PayeeLine>& lines) {
  std::vector<PayeeLine> taken;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    if (lines[i].payee.kind() == kind) taken.push_back(lines[i]);
  }
  return taken;
}

absl::Status FillPayeeKind(Env& env, PayeeKind kind, const std::vector<PayeeLine>& lines,
                           std::uint32_t top_k, v1::ShareList* list) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<PayeeLine> taken, TakeKind(env, kind, lines));
  return FillPayeeList(env, std::move(taken), top_k, list);
}

absl::Status FillByPayee(Env& env, const LedgerView& view, const AttributedTarget& computed,
                         std::uint32_t top_k, v1::Attribution* answer) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<PayeeLine> lines, Payees(env, view, computed));
  TRIBUTARY_RETURN_IF_ERROR(
      FillPayeeKind(env, PayeeKind::kParty, lines, top_k, answer->mutable_shares()));
  TRIBUTARY_RETURN_IF_ERROR(
      FillPayeeKind(env, PayeeKind::kUnclaimed, lines, top_k, answer->mutable_unclaimed()));
  return FillPayeeKind(env, PayeeKind::kUndisclosed, lines, top_k, answer->mutable_undisclosed());
}

absl::Status CheckView(v1::AttributionView view) {
  if (v1::AttributionView_IsValid(view)) return absl::OkStatus();
  return InvalidField("view", StrCat("the number ", static_cast<int>(view)), "assets payees");
}

absl::Status FillAttribution(Env& env, const LedgerView& view, std::string_view asset_id,
                             std::string_view field, v1::AttributionView shown, std::uint32_t top_k,
                             v1::Attribution* answer) {
  TRIBUTARY_ASSIGN_OR_RETURN(const AttributedTarget computed,
                             Compute(env, view, asset_id, field, kShareGrains));
  answer->set_asset_id(std::string(asset_id));
  answer->set_placed_grains(ToBigEndian(computed.result.placed));
  answer->set_unattributed_grains(ToBigEndian(computed.result.unattributed_total));
  answer->set_asset_count(computed.subgraph.vertex_count());
  answer->set_edge_count(computed.subgraph.edge_count());
  return shown == v1::ATTRIBUTION_VIEW_PAYEES ? FillByPayee(env, view, computed, top_k, answer)
                                              : FillByAsset(env, view, computed, top_k, answer);
}

// --- Names ---

// Fills in kind and name of lines that were listed.
template <typename Line>
absl::Status DescribeLines(const LedgerView& view,
                           google::protobuf::RepeatedPtrField<Line>* lines) {
  std::vector<AssetNumber> assets;
  std::vector<Line*> asset_lines;
  for (Line& line : *lines) {
    if (line.kind() == v1::LINE_KIND_PARTY) {
      TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<StoredRecord> record,
                                 view.FindParty(line.party()));
      if (!record.has_value()) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(const PartyRecord party, BodyOf<PartyRecord>(*record));
      line.set_name(party.name);
    } else if (!line.asset_id().empty()) {
      TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber asset,
                                 FindRequired(view, line.asset_id(), "asset_id"));
      assets.push_back(asset);
      asset_lines.push_back(&line);
    }
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<AssetLabel> labels, ReadLabels(view, assets));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    asset_lines[i]->set_asset_kind(ToProto(labels[i].kind));
    asset_lines[i]->set_name(labels[i].name);
  }
  return absl::OkStatus();
}

// --- Streams ---

// What one vertex keeps.
struct VertexLine {
  Vertex vertex = 0;
  Grains grains = 0;
};

absl::StatusOr<std::vector<VertexLine>> LinesOf(Env& env, const AttributedTarget& computed,
                                                bool undisclosed) {
  std::vector<VertexLine> lines;
  const auto count = static_cast<Vertex>(computed.subgraph.vertex_count());
  for (Vertex vertex = 0; vertex < count; ++vertex) {
    if (vertex % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    const Grains grains = computed.result.kept[vertex];
    if (grains != 0 && computed.subgraph.is_undisclosed(vertex) == undisclosed) {
      lines.push_back({vertex, grains});
    }
  }
  return lines;
}

absl::StatusOr<std::vector<Digest>> IdsOf(const LedgerView& view, const AttributedTarget& computed,
                                          const std::vector<VertexLine>& lines) {
  std::vector<AssetNumber> numbers;
  numbers.reserve(lines.size());
  for (const VertexLine& line : lines) numbers.push_back(computed.subgraph.asset(line.vertex));
  std::vector<Digest> ids;
  TRIBUTARY_RETURN_IF_ERROR(view.ReadAssetIds(numbers, &ids));
  return ids;
}

// Writes lines of one kind as packed blocks.
class BlockWriter {
 public:
  BlockWriter(v1::LineKind kind, Sink<v1::AttributeAssetStreamResponse>& responses)
      : kind_(kind), responses_(responses) {}

  absl::Status AddAsset(const Digest& asset, Grains grains) {
    block().mutable_asset_ids()->append(asset.view());
    return Added(grains);
  }
  absl::Status AddParty(const std::string& party, Grains grains) {
    block().add_parties(party);
    return Added(grains);
  }
  absl::Status Flush() {
    if (line_count_ == 0) return absl::OkStatus();
    block().set_kind(kind_);
    line_count_ = 0;
    return responses_.Write(std::exchange(message_, {}));
  }

 private:
  v1::AttributeAssetStreamResponse::Block& block() { return *message_.mutable_block(); }
  absl::Status Added(Grains grains) {
    AppendFixedGrains(grains, block().mutable_grains());
    return ++line_count_ < kBlockLineCount ? absl::OkStatus() : Flush();
  }

  const v1::LineKind kind_;
  Sink<v1::AttributeAssetStreamResponse>& responses_;
  v1::AttributeAssetStreamResponse message_;
  std::size_t line_count_ = 0;
};

absl::Status StreamAssetLines(Env& env, const LedgerView& view, const AttributedTarget& computed,
                              bool undisclosed, Sink<v1::AttributeAssetStreamResponse>& responses,
                              std::uint64_t* line_count) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<VertexLine> lines,
                             LinesOf(env, computed, undisclosed));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Digest> ids, IdsOf(view, computed, lines));
  std::vector<std::uint32_t> order(lines.size());
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  const auto comes_first = [&ids](std::uint32_t a, std::uint32_t b) { return ids[a] < ids[b]; };
  TRIBUTARY_RETURN_IF_ERROR(SortUnlessCancelled(std::span(order), comes_first, &env.cancel));
  BlockWriter writer(undisclosed ? v1::LINE_KIND_UNDISCLOSED : v1::LINE_KIND_ASSET, responses);
  for (const std::uint32_t i : order) {
    TRIBUTARY_RETURN_IF_ERROR(writer.AddAsset(ids[i], lines[i].grains));
  }
  *line_count += lines.size();
  return writer.Flush();
}

absl::Status StreamByAsset(Env& env, const LedgerView& view, const AttributedTarget& computed,
                           Sink<v1::AttributeAssetStreamResponse>& responses,
                           v1::AttributeAssetStreamResponse::Totals* totals) {
  std::uint64_t line_count = 0;
  TRIBUTARY_RETURN_IF_ERROR(
      StreamAssetLines(env, view, computed, /*undisclosed=*/false, responses, &line_count));
  TRIBUTARY_RETURN_IF_ERROR(
      StreamAssetLines(env, view, computed, /*undisclosed=*/true, responses, &line_count));
  totals->set_shares_grains(ToBigEndian(computed.result.retained_total));
  totals->set_undisclosed_grains(ToBigEndian(computed.result.undisclosed_total));
  totals->set_line_count(line_count);
  return absl::OkStatus();
}

// Writes all lines of one kind and gives their sum.
absl::StatusOr<Grains> StreamPayeeKind(const std::vector<PayeeLine>& lines, PayeeKind kind,
                                       Sink<v1::AttributeAssetStreamResponse>& responses,
                                       std::uint64_t* line_count) {
  BlockWriter writer(KindOf(kind), responses);
  Grains total = 0;
  for (const PayeeLine& line : lines) {
    if (line.payee.kind() != kind) continue;
    TRIBUTARY_RETURN_IF_ERROR(kind == PayeeKind::kParty
                                  ? writer.AddParty(line.payee.party(), line.grains)
                                  : writer.AddAsset(line.payee.asset(), line.grains));
    total += line.grains;
    ++*line_count;
  }
  TRIBUTARY_RETURN_IF_ERROR(writer.Flush());
  return total;
}

absl::Status StreamByPayee(Env& env, const LedgerView& view, const AttributedTarget& computed,
                           Sink<v1::AttributeAssetStreamResponse>& responses,
                           v1::AttributeAssetStreamResponse::Totals* totals) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<PayeeLine> lines, Payees(env, view, computed));
  std::uint64_t line_count = 0;
  TRIBUTARY_ASSIGN_OR_RETURN(const Grains parties,
                             StreamPayeeKind(lines, PayeeKind::kParty, responses, &line_count));
  TRIBUTARY_ASSIGN_OR_RETURN(const Grains unclaimed,
                             StreamPayeeKind(lines, PayeeKind::kUnclaimed, responses, &line_count));
  TRIBUTARY_ASSIGN_OR_RETURN(
      const Grains undisclosed,
      StreamPayeeKind(lines, PayeeKind::kUndisclosed, responses, &line_count));
  totals->set_shares_grains(ToBigEndian(parties));
  totals->set_unclaimed_grains(ToBigEndian(unclaimed));
  totals->set_undisclosed_grains(ToBigEndian(undisclosed));
  totals->set_line_count(line_count);
  return absl::OkStatus();
}

// --- Quotes ---

struct QuotedLine {
  Payee payee;
  Grains grains = 0;
  MinorUnits amount;
};

struct Quote {
  MinorUnits total;
  std::vector<QuotedLine> lines;  // ascending payee
};

absl::StatusOr<Quote> ComputeQuote(Env& env, const LedgerView& view,
                                   const v1::QuoteSplitRequest& request) {
  const std::optional<Uint128> amount = ParseUint128(request.amount());
  if (!amount.has_value()) {
    return InvalidField("amount", Quoted(request.amount()),
                        "decimal digits without sign or leading zeros, below 2^128");
  }
  const unsigned fraction_bits =
      request.fraction_bits() == 0 ? kFractionBitsMax : request.fraction_bits();
  const auto placed = PlaceAmount(MinorUnits{*amount}, fraction_bits);
  if (!placed.ok()) {
    return FieldOf(placed.status()).empty() ? WithField(placed.status(), "amount")
                                            : placed.status();
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const AttributedTarget computed,
                             Compute(env, view, request.asset_id(), "asset_id", *placed));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<PayeeLine> payees, Payees(env, view, computed));
  std::vector<Grains> grains;
  grains.reserve(payees.size());
  for (const PayeeLine& line : payees) grains.push_back(line.grains);
  TRIBUTARY_ASSIGN_OR_RETURN(
      const std::vector<MinorUnits> parts,
      ApportionQuote(MinorUnits{*amount}, fraction_bits, grains, &env.cancel));
  Quote quote{MinorUnits{*amount}, {}};
  quote.lines.reserve(payees.size());
  for (std::size_t i = 0; i < payees.size(); ++i) {
    quote.lines.push_back({payees[i].payee, payees[i].grains, parts[i]});
  }
  return quote;
}

void FillLine(const QuotedLine& line, v1::QuoteLine* message) {
  message->set_kind(KindOf(line.payee.kind()));
  if (line.payee.kind() == PayeeKind::kParty) message->set_party(line.payee.party());
  if (HasAsset(line.payee)) message->set_asset_id(ToProto(line.payee.asset()));
  message->set_amount(ToDecimal(line.amount.value));
  message->set_grains(ToBigEndian(line.grains));
}

}  // namespace

absl::Status AttributeAsset(Env& env, const v1::AttributeAssetRequest& request,
                            v1::AttributeAssetResponse* response) {
  TRIBUTARY_RETURN_IF_ERROR(CheckView(request.view()));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  response->set_tree_size(view->tree_size().value);
  v1::Attribution* answer = response->mutable_attribution();
  TRIBUTARY_RETURN_IF_ERROR(FillAttribution(env, *view, request.asset_id(), "asset_id",
                                            request.view(), request.top_k(), answer));
  if (!request.describe()) return absl::OkStatus();
  for (v1::ShareList* list :
       {answer->mutable_shares(), answer->mutable_unclaimed(), answer->mutable_undisclosed()}) {
    TRIBUTARY_RETURN_IF_ERROR(DescribeLines(*view, list->mutable_lines()));
  }
  return absl::OkStatus();
}

absl::Status AttributeAssetStream(Env& env, const v1::AttributeAssetStreamRequest& request,
                                  Sink<v1::AttributeAssetStreamResponse>& responses) {
  TRIBUTARY_RETURN_IF_ERROR(CheckView(request.view()));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(const AttributedTarget computed,
                             Compute(env, *view, request.asset_id(), "asset_id", kShareGrains));
  v1::AttributeAssetStreamResponse first;
  first.mutable_header()->set_tree_size(view->tree_size().value);
  first.mutable_header()->set_asset_id(request.asset_id());
  first.mutable_header()->set_placed_grains(ToBigEndian(computed.result.placed));
  TRIBUTARY_RETURN_IF_ERROR(responses.Write(std::move(first)));

  v1::AttributeAssetStreamResponse last;
  v1::AttributeAssetStreamResponse::Totals* totals = last.mutable_totals();
  TRIBUTARY_RETURN_IF_ERROR(request.view() == v1::ATTRIBUTION_VIEW_PAYEES
                                ? StreamByPayee(env, *view, computed, responses, totals)
                                : StreamByAsset(env, *view, computed, responses, totals));
  totals->set_unattributed_grains(ToBigEndian(computed.result.unattributed_total));
  totals->set_asset_count(computed.subgraph.vertex_count());
  totals->set_edge_count(computed.subgraph.edge_count());
  return responses.Write(std::move(last));
}

absl::Status AttributeBatch(Env& env, const v1::AttributeBatchRequest& request,
                            Sink<v1::AttributeBatchResponse>& responses) {
  TRIBUTARY_RETURN_IF_ERROR(CheckView(request.view()));
  const auto count = static_cast<std::uint64_t>(request.asset_ids_size());
  if (count == 0) return InvalidField("asset_ids", "none", "at least one asset id");
  if (count > env.limits.attribute_batch_asset_count_max) {
    return LimitExceeded("asset_ids", count, "attribute_batch_asset_count_max",
                         env.limits.attribute_batch_asset_count_max);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  for (int i = 0; i < request.asset_ids_size(); ++i) {
    v1::AttributeBatchResponse response;
    response.set_tree_size(view->tree_size().value);
    response.set_index(static_cast<std::uint32_t>(i));
    const absl::Status status =
        FillAttribution(env, *view, request.asset_ids(i), StrCat("asset_ids[", i, "]"),
                        request.view(), request.top_k(), response.mutable_attribution());
    TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    if (!status.ok()) ToProto(status, kErrorSizeMax, response.mutable_error());
    TRIBUTARY_RETURN_IF_ERROR(responses.Write(std::move(response)));
  }
  return absl::OkStatus();
}

absl::Status QuoteSplit(Env& env, const v1::QuoteSplitRequest& request,
                        v1::QuoteSplitResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(Quote quote, ComputeQuote(env, *view, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t count_max,
                             ListedCountMax(env.limits, request.top_k()));
  const std::size_t listed_count = std::min(count_max, quote.lines.size());
  TRIBUTARY_RETURN_IF_ERROR(
      CheckAllListed(env.limits, request.top_k(), listed_count, quote.lines.size() - listed_count));
  TRIBUTARY_RETURN_IF_ERROR(SortGreatestFirst(listed_count, env.cancel, &quote.lines));
  response->set_tree_size(view->tree_size().value);
  Uint128 others_amount = 0;
  Grains others_grains = 0;
  for (std::size_t i = 0; i < quote.lines.size(); ++i) {
    if (i < listed_count) {
      FillLine(quote.lines[i], response->add_lines());
    } else {
      others_amount += quote.lines[i].amount.value;
      others_grains += quote.lines[i].grains;
    }
  }
  response->set_others_amount(ToDecimal(others_amount));
  response->set_others_grains(ToBigEndian(others_grains));
  response->set_others_count(quote.lines.size() - listed_count);
  if (!request.describe()) return absl::OkStatus();
  return DescribeLines(*view, response->mutable_lines());
}

}  // namespace tributary::server
