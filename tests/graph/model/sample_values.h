// Values that sample records are made of.

#pragma once

#include <string_view>

#include "graph/model/check.h"
#include "graph/model/digest.h"
#include "graph/model/vocabulary.h"

namespace tributary::test {

inline Digest IdOf(std::string_view name) { return Sha256(name); }

inline TimeMs Time(std::string_view text) {
  const auto time = ParseTime(text);
  TRIBUTARY_CHECK(time.has_value());
  return *time;
}

}  // namespace tributary::test
