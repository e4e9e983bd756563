// Base64 of RFC 4648, read strictly.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tributary {

// With padding, alphabet of section 4 (+ and /).
std::string ToBase64(std::string_view bytes);

// Accepts exactly what ToBase64 writes: padding is required, the bits that it leaves over are zero,
// and there is no white space. nullopt otherwise; what was decoded until then is overwritten.
std::optional<std::string> FromBase64(std::string_view text);

// Also takes the alphabet of section 5 (- and _), and text without any padding, as those who write
// it leave it out. One text uses one alphabet. nullopt otherwise.
std::optional<std::string> FromAnyBase64(std::string_view text);

}  // namespace tributary
