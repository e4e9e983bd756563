// Property: no text does worse than be refused, and what the strict canonical reader takes this one
// takes too.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "graph/model/canonical_json.h"
#include "graph/model/check.h"
#include "graph/model/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = ParseForeignJson(text);
  const auto canonical = ParseCanonicalJson(text);
  if (canonical.ok()) TRIBUTARY_CHECK(value.ok());
  if (value.ok()) TRIBUTARY_CHECK(IsValidUtf8(text));
  return 0;
}
