// Records from the model to the wire.

#pragma once

#include <vector>

#include "graph/model/record.h"
#include "storage/fact.h"
#include "tributary/v1/types.pb.h"

namespace tributary::server {

void ToProto(const AssetRecord& asset, v1::Asset* message);
void ToProto(const HoldersRecord& holders, v1::Holders* message);
void ToProto(const ConsentRecord& consent, v1::Consent* message);
void ToProto(const DerivationRecord& derivation, v1::Derivation* message);
// One role or basis for all edges is written once.
void ToProto(const std::vector<Edge>& edges, v1::EdgeBlock* block);
void ToProto(const PrivateDetails& details, v1::PrivateDetails* message);

}  // namespace tributary::server
