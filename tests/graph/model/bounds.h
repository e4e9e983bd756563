// Records at a bound of the schema, and just beyond it.

#pragma once

#include <string>
#include <vector>

#include "graph/model/record.h"
#include "graph/model/status.h"
#include "tests/support/catch.h"

namespace tributary::test {

inline std::string Repeated(std::size_t size, char c = 'x') { return std::string(size, c); }

struct Bound {
  std::string field;  // that the refusal names
  Record allowed;     // at the bound
  Record refused;     // just beyond it
};

// What is allowed is valid and can be read back; what is refused is refused for its field.
inline void CheckBounds(const std::vector<Bound>& bounds) {
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    CAPTURE(i, bounds[i].field);
    CHECK_STATUS(Validate(bounds[i].allowed), absl::StatusCode::kOk);
    const auto decoded = DecodeRecord(EncodeRecord(bounds[i].allowed));
    REQUIRE_OK(decoded);
    CHECK(*decoded == bounds[i].allowed);
    const absl::Status refused = Validate(bounds[i].refused);
    CHECK_STATUS(refused, absl::StatusCode::kInvalidArgument);
    CHECK(FieldOf(refused) == bounds[i].field);
  }
}

}  // namespace tributary::test
