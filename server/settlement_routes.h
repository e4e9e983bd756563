// The routes of a ledger in the words of the valuation.

#pragma once

#include <memory>
#include <string>
#include <utility>

#include "graph/settlement/routes.h"
#include "graph/settlement/valuation.h"

namespace tributary::server {

// Who earns what, as of the reader's tree size.
inline absl::StatusOr<EarnerRoutes> ReadEarnerRoutes(const SettlementReader& reader,
                                                     const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(PartyRoutes read, ReadRoutes(reader, cancel));
  const auto routes = std::make_shared<const PartyRoutes>(std::move(read));
  return EarnerRoutes{routes->Boundaries(), [routes](std::string_view party, LogPosition at) {
                        return std::string(routes->EarnerOf(party, at));
                      }};
}

}  // namespace tributary::server
