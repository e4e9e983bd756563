// Joining text. Debian 12 builds Abseil with a string_view of its own, to which std::string_view
// does not convert; these wrappers are the one place that knows.

#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tributary {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromAbsl(absl::string_view text) { return {text.data(), text.size()}; }

namespace internal {
template <typename T>
decltype(auto) CatArgument(const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return ToAbsl(std::string_view(value));
  } else {
    return (value);
  }
}
}  // namespace internal

// absl::StrCat for any mix of std::string_view, std::string, literals and integers.
template <typename... T>
std::string StrCat(const T&... pieces) {
  return absl::StrCat(internal::CatArgument(pieces)...);
}
template <typename... T>
void StrAppend(std::string* out, const T&... pieces) {
  absl::StrAppend(out, internal::CatArgument(pieces)...);
}

}  // namespace tributary
