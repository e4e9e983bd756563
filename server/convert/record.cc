#include "server/convert/record.h"

#include <algorithm>

#include "server/convert/enums.h"
#include "server/convert/scalars.h"

namespace tributary::server {
namespace {

void PairsTo(const std::vector<Attribute>& pairs,
             google::protobuf::RepeatedPtrField<v1::Attribute>* messages) {
  for (const auto& [key, value] : pairs) {
    v1::Attribute* message = messages->Add();
    message->set_key(key);
    message->set_value(value);
  }
}

void FillActivity(const Activity& activity, v1::Activity* message) {
  message->set_tool(activity.tool);
  message->set_seed(activity.seed);
  if (activity.parameters_digest.has_value()) {
    message->set_parameters_digest(ToProto(*activity.parameters_digest));
  }
  if (activity.code_digest.has_value()) {
    message->set_code_digest(ToProto(*activity.code_digest));
  }
  if (activity.start.has_value()) message->set_start_ms(ToProto(*activity.start));
  if (activity.end.has_value()) message->set_end_ms(ToProto(*activity.end));
}

void FillMethod(const WeightMethod& method, v1::WeightMethod* message) {
  message->set_name(method.name);
  message->set_version(method.version);
  message->set_sign_convention(method.sign_convention);
  if (method.scores_digest.has_value()) {
    message->set_scores_digest(ToProto(*method.scores_digest));
  }
}

template <typename Member>
bool AllEqual(const std::vector<Edge>& edges, Member member) {
  return std::all_of(edges.begin(), edges.end(),
                     [&](const Edge& edge) { return edge.*member == edges.front().*member; });
}

}  // namespace

void ToProto(const AssetRecord& asset, v1::Asset* message) {
  message->set_asset(ToProto(asset.asset));
  message->set_kind(ToProto(asset.kind));
  message->set_id_method(ToProto(asset.id_method));
  message->set_name(asset.name);
  message->set_license(asset.license);
  message->set_media_type(asset.media_type);
  for (const std::string& location : asset.locations) message->add_locations(location);
  if (asset.size.has_value()) message->set_size(*asset.size);
  if (asset.named_as.has_value()) {
    v1::NamedAs* named = message->mutable_named_as();
    named->set_namespace_(asset.named_as->namespace_name);
    named->set_name(asset.named_as->name);
    named->set_version(asset.named_as->version);
  }
  PairsTo(asset.attributes, message->mutable_attributes());
}

void ToProto(const HoldersRecord& record, v1::Holders* message) {
  message->set_asset(ToProto(record.asset));
  for (const Holder& holder : record.holders) {
    v1::Holder* line = message->add_holders();
    line->set_party(holder.party);
    line->set_units(holder.units);
  }
}

void ToProto(const ConsentRecord& consent, v1::Consent* message) {
  message->set_asset(ToProto(consent.asset));
  message->set_party(consent.party);
  message->set_use(ToProto(consent.use));
  message->set_status(ToProto(consent.status));
  message->set_constraint(consent.constraint);
  message->set_source(consent.source);
}

void ToProto(const DerivationRecord& derivation, v1::Derivation* message) {
  message->set_generated(ToProto(derivation.generated));
  message->set_edge_count(derivation.edge_count);
  message->set_edges_root(ToProto(derivation.edges_root));
  message->set_weight_sum(derivation.weight_sum);
  message->set_retained(derivation.retained);
  message->set_unattributed(derivation.unattributed);
  if (derivation.activity.has_value()) {
    FillActivity(*derivation.activity, message->mutable_activity());
  }
  if (derivation.method.has_value()) FillMethod(*derivation.method, message->mutable_method());
  if (derivation.computed_by.has_value()) {
    message->mutable_computed_by()->set_name(derivation.computed_by->name);
    message->mutable_computed_by()->set_version(derivation.computed_by->version);
  }
  if (derivation.effective_time.has_value()) {
    message->set_effective_time_ms(ToProto(*derivation.effective_time));
  }
}

void ToProto(const std::vector<Edge>& edges, v1::EdgeBlock* block) {
  if (edges.empty()) return;
  const int count = static_cast<int>(edges.size());
  block->mutable_inputs()->reserve(edges.size() * kDigestSize);
  block->mutable_weights()->Reserve(count);
  for (const Edge& edge : edges) {
    block->mutable_inputs()->append(edge.input.view());
    block->add_weights(edge.weight);
  }
  const std::size_t role_count = AllEqual(edges, &Edge::role) ? 1 : edges.size();
  for (std::size_t i = 0; i < role_count; ++i) block->add_roles(ToProto(edges[i].role));
  const std::size_t basis_count = AllEqual(edges, &Edge::basis) ? 1 : edges.size();
  for (std::size_t i = 0; i < basis_count; ++i) block->add_bases(ToProto(edges[i].basis));
}

void ToProto(const PrivateDetails& details, v1::PrivateDetails* message) {
  message->set_salt(details.salt);
  message->set_content(details.bytes);
}

}  // namespace tributary::server
