// Property: no text does worse than be refused, and what the strict canonical reader takes this one
// takes too, as the same value.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "graph/model/canonical_json.h"
#include "graph/model/check.h"
#include "graph/model/json.h"

namespace {

using tributary::ForeignJson;
using tributary::JsonValue;

bool IsSame(const ForeignJson& foreign, const JsonValue& canonical) {
  if (const auto* text = canonical.AsString()) {
    return foreign.AsString() != nullptr && *foreign.AsString() == *text;
  }
  if (const auto* integer = canonical.AsInteger()) return foreign.AsInteger() == *integer;
  if (const auto* list = canonical.AsList()) {
    const ForeignJson::List* other = foreign.AsList();
    if (other == nullptr || other->size() != list->size()) return false;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!IsSame((*other)[i], (*list)[i])) return false;
    }
    return true;
  }
  const JsonValue::Object& object = *canonical.AsObject();
  if (foreign.AsObject() == nullptr || foreign.AsObject()->size() != object.size()) return false;
  for (const auto& [key, value] : object) {
    const ForeignJson* other = foreign.Find(key);
    if (other == nullptr || !IsSame(*other, value)) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = ParseForeignJson(text);
  const auto canonical = ParseCanonicalJson(text);
  if (canonical.ok()) TRIBUTARY_CHECK(value.ok() && IsSame(*value, *canonical));
  if (value.ok()) TRIBUTARY_CHECK(IsValidUtf8(text));
  return 0;
}
