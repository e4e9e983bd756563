// The one place that knows which major version of Catch2 is installed.

#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tributary::test {

inline const absl::Status& GetStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace tributary::test

// Fails with the status' own text.
#define REQUIRE_OK(expression)                                                               \
  do {                                                                                       \
    const auto& require_ok_result = (expression);                                            \
    INFO(#expression << ": " << ::tributary::test::GetStatus(require_ok_result).ToString()); \
    REQUIRE(::tributary::test::GetStatus(require_ok_result).ok());                           \
  } while (false)
#define CHECK_STATUS(expression, status_code)                                                  \
  do {                                                                                         \
    const auto& check_status_result = (expression);                                            \
    INFO(#expression << ": " << ::tributary::test::GetStatus(check_status_result).ToString()); \
    CHECK(::tributary::test::GetStatus(check_status_result).code() == (status_code));          \
  } while (false)
