// JSON that strangers wrote: RFC 8259, read strictly.
//
// Our own canonical bytes are canonical_json.h. This is for envelopes, statements and files that
// others make: white space, key order and escapes are free, and all kinds of values exist.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace tributary {

inline constexpr std::size_t kForeignJsonDepthMax = 64;
// Values in one text. At about 100 bytes each this is 100 MB; callers who expect less say so.
inline constexpr std::size_t kForeignJsonValueCountMax = std::size_t{1} << 20;
inline constexpr std::size_t kForeignJsonNumberSizeMax = 64;  // characters

// One value; a tree that owns its parts.
class ForeignJson {
 public:
  struct Null {
    friend bool operator==(const Null&, const Null&) = default;
  };
  // As it was written, since there is no number type that holds them all; of the form of RFC 8259.
  struct Number {
    std::string text;
    friend bool operator==(const Number&, const Number&) = default;
  };
  using List = std::vector<ForeignJson>;
  using Object = std::map<std::string, ForeignJson, std::less<>>;

  ForeignJson() = default;
  explicit ForeignJson(bool boolean) : value_(boolean) {}
  explicit ForeignJson(Number number) : value_(std::move(number)) {}
  explicit ForeignJson(std::string text) : value_(std::move(text)) {}
  ForeignJson(const char*) = delete;  // would be a boolean
  explicit ForeignJson(List list) : value_(std::move(list)) {}
  explicit ForeignJson(Object object) : value_(std::move(object)) {}

  bool IsNull() const { return std::holds_alternative<Null>(value_); }
  const bool* AsBoolean() const { return std::get_if<bool>(&value_); }
  const Number* AsNumber() const { return std::get_if<Number>(&value_); }
  const std::string* AsString() const { return std::get_if<std::string>(&value_); }
  const List* AsList() const { return std::get_if<List>(&value_); }
  const Object* AsObject() const { return std::get_if<Object>(&value_); }
  // A number without sign, point or exponent, at most 2^53 - 1; nullopt for any other value.
  std::optional<std::uint64_t> AsInteger() const;

  // The member of an object; null where this is none or has no such key.
  const ForeignJson* Find(std::string_view key) const;

  friend bool operator==(const ForeignJson&, const ForeignJson&) = default;

 private:
  std::variant<Null, bool, Number, std::string, List, Object> value_;
};

struct ForeignJsonLimits {
  std::size_t depth_max = kForeignJsonDepthMax;
  std::size_t value_count_max = kForeignJsonValueCountMax;
};

// Parses one value with nothing but white space around it. Refuses what readers read differently:
// a key twice in one object, bytes that are not UTF-8, escapes of lone surrogates, a byte order
// mark.
//
// Errors: kInvalidArgument with the byte offset and what is wrong there; the limit that is met.
// Cost:   O(size log(keys)); no recursion in the parser, and values are freed to depth_max.
absl::StatusOr<ForeignJson> ParseForeignJson(std::string_view text,
                                             const ForeignJsonLimits& limits = {});

}  // namespace tributary
