// The restricted RFC 8785 (JCS) profile in which records are written and hashed.
//
// docs/formats/records.md states the profile. Only strings, integers below 2^53, lists and objects
// exist: no floats, null or booleans, so no rule about numbers is ambiguous.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace tributary {

// One value; a tree that owns its parts. std::map keeps keys in byte order, which for the ASCII
// keys of our schemas is the order of RFC 8785.
class JsonValue {
 public:
  using List = std::vector<JsonValue>;
  using Object = std::map<std::string, JsonValue, std::less<>>;

  JsonValue(std::string text) : value_(std::move(text)) {}         // NOLINT: literal-like
  JsonValue(std::string_view text) : value_(std::string(text)) {}  // NOLINT
  JsonValue(const char* text) : value_(std::string(text)) {}       // NOLINT
  JsonValue(std::uint64_t integer) : value_(integer) {}            // NOLINT
  JsonValue(List list) : value_(std::move(list)) {}                // NOLINT
  JsonValue(Object object) : value_(std::move(object)) {}          // NOLINT

  const std::string* AsString() const { return std::get_if<std::string>(&value_); }
  const std::uint64_t* AsInteger() const { return std::get_if<std::uint64_t>(&value_); }
  const List* AsList() const { return std::get_if<List>(&value_); }
  const Object* AsObject() const { return std::get_if<Object>(&value_); }

  friend bool operator==(const JsonValue&, const JsonValue&) = default;

 private:
  std::variant<std::string, std::uint64_t, List, Object> value_;
};

inline constexpr std::uint64_t kJsonIntegerMax = (std::uint64_t{1} << 53) - 1;
inline constexpr std::size_t kJsonDepthMax = 16;

// Well-formed UTF-8 by Unicode 15 table 3-7: no overlong forms, surrogates or values above 10FFFF.
bool IsValidUtf8(std::string_view text);

// Appends `text` as a quoted JSON string. `text` must be valid UTF-8.
void AppendJsonString(std::string_view text, std::string* out);

// The canonical bytes. Strings must be valid UTF-8 and integers at most kJsonIntegerMax.
std::string WriteCanonicalJson(const JsonValue& value);

// Parses bytes and accepts exactly what WriteCanonicalJson would write for some value: order of
// keys, escapes, numbers and white space included.
//
// Errors: kInvalidArgument with the byte offset and what is wrong there.
// Cost:   O(size); nesting is limited to kJsonDepthMax before anything is allocated for it.
absl::StatusOr<JsonValue> ParseCanonicalJson(std::string_view bytes);

}  // namespace tributary
