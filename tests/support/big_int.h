// Integers of any size, which references compute with.

#pragma once

#include <cstdint>

#include "boost/multiprecision/cpp_int.hpp"
#include "graph/model/uint128.h"

namespace tributary::test {

using BigInt = boost::multiprecision::cpp_int;

inline BigInt ToBigInt(Uint128 value) {
  return (BigInt(static_cast<std::uint64_t>(value >> 64)) << 64) +
         static_cast<std::uint64_t>(value);
}

}  // namespace tributary::test
