// Bytes from hex, for vectors in tests.

#pragma once

#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "graph/model/text.h"

namespace tributary::test {

inline std::string FromHex(std::string_view hex) { return absl::HexStringToBytes(ToAbsl(hex)); }
inline std::string ToHex(std::string_view bytes) { return absl::BytesToHexString(ToAbsl(bytes)); }

}  // namespace tributary::test
