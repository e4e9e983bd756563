// Property: bytes are refused, or they are exactly what the writer gives for the value parsed.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "graph/model/canonical_json.h"
#include "graph/model/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto value = tributary::ParseCanonicalJson(bytes);
  if (value.ok()) TRIBUTARY_CHECK(tributary::WriteCanonicalJson(*value) == bytes);
  return 0;
}
