// Handlers that read sales, holds, policies, templates and currencies.

#pragma once

#include "absl/status/status.h"
#include "server/env.h"
#include "tributary/v1/settlement_service.pb.h"

namespace tributary::server {

// All as proto/tributary/v1/settlement_service.proto states.
absl::Status GetSale(Env& env, const v1::GetSaleRequest& request, v1::GetSaleResponse* response);
absl::Status ListSales(Env& env, const v1::ListSalesRequest& request,
                       v1::ListSalesResponse* response);
absl::Status QuoteSale(Env& env, const v1::QuoteSaleRequest& request,
                       v1::QuoteSaleResponse* response);
absl::Status GetHold(Env& env, const v1::GetHoldRequest& request, v1::GetHoldResponse* response);
absl::Status ListHolds(Env& env, const v1::ListHoldsRequest& request,
                       v1::ListHoldsResponse* response);
absl::Status GetPolicy(Env& env, const v1::GetPolicyRequest& request,
                       v1::GetPolicyResponse* response);
absl::Status ListPolicies(Env& env, const v1::ListPoliciesRequest& request,
                          v1::ListPoliciesResponse* response);
absl::Status GetTemplate(Env& env, const v1::GetTemplateRequest& request,
                         v1::GetTemplateResponse* response);
absl::Status ListTemplates(Env& env, const v1::ListTemplatesRequest& request,
                           v1::ListTemplatesResponse* response);
absl::Status ListCurrencies(Env& env, const v1::ListCurrenciesRequest& request,
                            v1::ListCurrenciesResponse* response);

}  // namespace tributary::server
