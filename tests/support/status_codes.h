// Short names of the codes that tests of strict readers ask for again and again.

#pragma once

#include "absl/status/status.h"

namespace tributary::test {

inline constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
inline constexpr absl::StatusCode kUnauthenticated = absl::StatusCode::kUnauthenticated;

}  // namespace tributary::test
