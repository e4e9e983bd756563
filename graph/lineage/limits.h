// How a walk reports that it met a limit: an error that names it, never a partial answer.

#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "graph/model/cancel.h"
#include "graph/model/status.h"

namespace tributary {

inline absl::Status LimitMet(std::string_view limit, std::uint64_t found_at_least,
                             std::uint64_t allowed) {
  return FieldError(absl::StatusCode::kResourceExhausted, limit,
                    StrCat("at least ", found_at_least), StrCat("at most ", allowed));
}

}  // namespace tributary
