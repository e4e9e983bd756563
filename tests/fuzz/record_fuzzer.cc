// Property: bytes are refused, or they are the canonical bytes of a valid record. A line feed at
// the end is left out, so that the golden files are a corpus.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "graph/model/check.h"
#include "graph/model/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!bytes.empty() && bytes.back() == '\n') bytes.remove_suffix(1);
  const auto record = tributary::DecodeRecord(bytes);
  if (!record.ok()) return 0;
  TRIBUTARY_CHECK(tributary::Validate(*record).ok());
  TRIBUTARY_CHECK(tributary::EncodeRecord(*record) == bytes);
  TRIBUTARY_CHECK(!tributary::IdentityOf(record->body).empty());
  return 0;
}
