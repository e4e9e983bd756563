// Property: a policy is refused with a line, or every answer of its quorum is monotone: one more
// witness never takes it away.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "graph/log/policy.h"
#include "graph/model/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const auto policy = LogPolicy::Parse({reinterpret_cast<const char*>(data), size});
  if (!policy.ok()) return 0;
  std::vector<bool> cosigned(policy->witnesses().size());
  bool before = policy->IsQuorum(cosigned);
  for (std::size_t i = 0; i < cosigned.size(); ++i) {
    cosigned[i] = true;
    const bool after = policy->IsQuorum(cosigned);
    TRIBUTARY_CHECK(after || !before);
    before = after;
  }
  TRIBUTARY_CHECK(before);  // all of them are always enough
  return 0;
}
