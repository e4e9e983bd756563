// Handlers that record one fact each.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "server/env.h"
#include "server/stream.h"
#include "tributary/v1/lineage_service.pb.h"

namespace tributary::server {

// One fact, from its parts of a request to its receipt: what all handlers here do.
absl::Status RecordOne(Env& env, const std::string& ledger_name, const v1::Fact& fact,
                       const SubmitOptions& options, v1::RecordReceipt* receipt);

// Errors, idempotency and durability as proto/tributary/v1/lineage_service.proto states.
absl::Status RecordParty(Env& env, const v1::RecordPartyRequest& request,
                         v1::RecordPartyResponse* response);
absl::Status RecordAsset(Env& env, const v1::RecordAssetRequest& request,
                         v1::RecordAssetResponse* response);
absl::Status RecordAlias(Env& env, const v1::RecordAliasRequest& request,
                         v1::RecordAliasResponse* response);
absl::Status RecordHolders(Env& env, const v1::RecordHoldersRequest& request,
                           v1::RecordHoldersResponse* response);
absl::Status RecordConsent(Env& env, const v1::RecordConsentRequest& request,
                           v1::RecordConsentResponse* response);
absl::Status RecordDerivation(Env& env, const v1::RecordDerivationRequest& request,
                              v1::RecordDerivationResponse* response);
absl::Status RecordDerivationStream(Env& env, Source<v1::RecordDerivationStreamRequest>& requests,
                                    v1::RecordDerivationStreamResponse* response);

}  // namespace tributary::server
