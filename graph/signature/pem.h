// One PEM block (RFC 7468) with one label.

#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tributary {

// Lines of 64 characters, each ended by LF.
std::string WritePem(std::string_view label, std::string_view der);

// The bytes between the two lines of `label`. Lines of any length, ended by LF or CRLF; the last
// may lack its end; nothing before or after the block but empty lines.
// Errors: kInvalidArgument; no message contains anything of the block, which may be secret.
absl::StatusOr<std::string> ReadPem(std::string_view label, std::string_view text);

}  // namespace tributary
