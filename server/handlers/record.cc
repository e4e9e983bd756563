#include "server/handlers/record.h"

#include <memory>
#include <utility>
#include <vector>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/fact.h"
#include "server/convert/record.h"
#include "server/convert/scalars.h"
#include "server/handlers/admission.h"

namespace tributary::server {
namespace {

// The fact of a request without its body.
template <typename Request>
v1::Fact FactWithOptions(const Request& request) {
  v1::Fact fact;
  if (request.has_options()) *fact.mutable_options() = request.options();
  return fact;
}

using StreamHeader = v1::RecordDerivationStreamRequest::Header;

absl::StatusOr<std::unique_ptr<EdgeStage>> BeginStage(Env& env, Ledger& ledger,
                                                      const StreamHeader& header) {
  Fact fact;
  fact.record.ledger = ledger.name();
  auto derivation = FromProto(header.derivation());
  if (!derivation.ok()) return WithPrefix(derivation.status(), "derivation");
  fact.record.body = *std::move(derivation);
  TRIBUTARY_RETURN_IF_ERROR(ApplyOptions(header.options(), env.limits, &fact));
  return ledger.BeginDerivation(fact.record,
                                {.allow_unknown_inputs = header.allow_unknown_inputs()},
                                std::move(fact.details));
}

// `inputs`, unless null, gets the assets behind all edges, of so many as a walk may visit: what is
// larger is not checked before the first sale, as where edges come whole.
absl::Status ReadEdgesInto(Env& env, Source<v1::RecordDerivationStreamRequest>& requests,
                           EdgeStage& stage, std::vector<AssetNumber>* inputs) {
  v1::RecordDerivationStreamRequest message;
  std::vector<Edge> edges;
  while (requests.Read(&message)) {
    if (!message.has_edges()) {
      return InvalidField("part", "another header or nothing", "edges after the first message");
    }
    edges.clear();
    TRIBUTARY_RETURN_IF_ERROR(
        AppendEdges(message.edges(), env.limits.stream_block_edge_count_max, &edges));
    TRIBUTARY_RETURN_IF_ERROR(stage.Add(edges, inputs));
    if (inputs != nullptr && inputs->size() > env.limits.walk_asset_count_max) {
      *inputs = {};
      inputs = nullptr;
    }
  }
  // A stream that was cut off must not look like one that ended.
  return env.cancel.status();
}

}  // namespace

absl::Status RecordOne(Env& env, const std::string& ledger_name, const v1::Fact& fact,
                       const SubmitOptions& options, v1::RecordReceipt* receipt) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<Ledger> ledger, env.ledgers.Find(ledger_name));
  TRIBUTARY_ASSIGN_OR_RETURN(PreparedFact prepared,
                             PrepareFromProto(fact, ledger_name, env.limits));
  TRIBUTARY_ASSIGN_OR_RETURN(const Receipt recorded,
                             Admission(env, *ledger).Record(std::move(prepared), options));
  ToProto(recorded, receipt);
  return absl::OkStatus();
}

absl::Status RecordParty(Env& env, const v1::RecordPartyRequest& request,
                         v1::RecordPartyResponse* response) {
  v1::Fact fact = FactWithOptions(request);
  *fact.mutable_party() = request.party();
  return RecordOne(env, request.ledger(), fact, {}, response->mutable_receipt());
}

absl::Status RecordAsset(Env& env, const v1::RecordAssetRequest& request,
                         v1::RecordAssetResponse* response) {
  v1::Fact fact = FactWithOptions(request);
  *fact.mutable_asset() = request.asset();
  TRIBUTARY_RETURN_IF_ERROR(
      RecordOne(env, request.ledger(), fact, {}, response->mutable_receipt()));
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetRecord asset, FromProto(request.asset()));
  response->set_asset_id(ToProto(asset.asset));
  return absl::OkStatus();
}

absl::Status RecordAlias(Env& env, const v1::RecordAliasRequest& request,
                         v1::RecordAliasResponse* response) {
  v1::Fact fact = FactWithOptions(request);
  *fact.mutable_alias() = request.alias();
  return RecordOne(env, request.ledger(), fact, {}, response->mutable_receipt());
}

absl::Status RecordHolders(Env& env, const v1::RecordHoldersRequest& request,
                           v1::RecordHoldersResponse* response) {
  v1::Fact fact = FactWithOptions(request);
  *fact.mutable_holders() = request.holders();
  return RecordOne(env, request.ledger(), fact, {}, response->mutable_receipt());
}

absl::Status RecordConsent(Env& env, const v1::RecordConsentRequest& request,
                           v1::RecordConsentResponse* response) {
  v1::Fact fact = FactWithOptions(request);
  *fact.mutable_consent() = request.consent();
  return RecordOne(env, request.ledger(), fact, {}, response->mutable_receipt());
}

absl::Status RecordDerivation(Env& env, const v1::RecordDerivationRequest& request,
                              v1::RecordDerivationResponse* response) {
  v1::Fact fact = FactWithOptions(request);
  *fact.mutable_derivation() = request.derivation();
  return RecordOne(env, request.ledger(), fact,
                   {.allow_unknown_inputs = request.allow_unknown_inputs()},
                   response->mutable_receipt());
}

absl::Status RecordDerivationStream(Env& env, Source<v1::RecordDerivationStreamRequest>& requests,
                                    v1::RecordDerivationStreamResponse* response) {
  v1::RecordDerivationStreamRequest first;
  if (!requests.Read(&first)) {
    TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    return InvalidField("part", "an empty stream", "a header first");
  }
  if (!first.has_header()) return InvalidField("part", "edges", "a header first");
  TRIBUTARY_ASSIGN_OR_RETURN(const DeclaredEdges declared,
                             DeclaredFromProto(first.header().derivation()));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<Ledger> ledger,
                             env.ledgers.Find(first.header().ledger()));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::unique_ptr<EdgeStage> stage,
                             BeginStage(env, *ledger, first.header()));
  Admission admission(env, *ledger);
  TRIBUTARY_ASSIGN_OR_RETURN(const bool is_checked, admission.ChecksLineage());
  std::vector<AssetNumber> inputs;
  TRIBUTARY_RETURN_IF_ERROR(ReadEdgesInto(env, requests, *stage, is_checked ? &inputs : nullptr));
  TRIBUTARY_ASSIGN_OR_RETURN(const EdgeStage::Finished finished,
                             stage->Finish(declared, [&](const Digest& id) {
                               return admission.CheckStreamed(id, inputs);
                             }));
  ToProto(finished.receipt, response->mutable_receipt());
  ToProto(finished.derivation, response->mutable_derivation());
  return absl::OkStatus();
}

}  // namespace tributary::server
