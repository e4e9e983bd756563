// The syntax of licence expressions: SPDX 2.3, annex D.

#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace tributary::server {

// OK for no text and for an expression such as `MIT`, `GPL-2.0-or-later WITH
// Classpath-exception-2.0` or `(MIT OR Apache-2.0) AND LicenseRef-Terms`. Ids are not looked up:
// lists of them grow, and a record stays. Operators are written in capitals. Errors:
// kInvalidArgument naming `license`.
absl::Status CheckLicenseExpression(std::string_view text);

}  // namespace tributary::server
