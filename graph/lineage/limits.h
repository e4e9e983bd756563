// How a walk reports that it met a limit: an error that names it, never a partial answer.

#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "graph/lineage/cancel.h"
#include "graph/model/status.h"

namespace tributary {

inline absl::Status LimitMet(std::string_view limit, std::uint64_t found_at_least,
                             std::uint64_t allowed) {
  return FieldError(absl::StatusCode::kResourceExhausted, limit,
                    StrCat("at least ", found_at_least), StrCat("at most ", allowed));
}

// OK, or the token's reason. A walk without a token is never cancelled.
inline absl::Status CheckCancelled(const CancelToken* cancel) {
  return cancel != nullptr && cancel->cancelled() ? cancel->status() : absl::OkStatus();
}

}  // namespace tributary
