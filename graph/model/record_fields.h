// Writing and reading one JSON object of a record, key by key. Internal to graph/model.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "graph/model/canonical_json.h"
#include "graph/model/digest.h"
#include "graph/model/status.h"
#include "graph/model/uint128.h"
#include "graph/model/vocabulary.h"

namespace tributary::internal {

// Builds one object; what is empty or absent is left out.
class ObjectWriter {
 public:
  void Text(std::string_view key, std::string_view text) {
    if (!text.empty()) object_.emplace(key, text);
  }
  void Hex(std::string_view key, const Digest& digest) { object_.emplace(key, digest.ToHex()); }
  void Hex(std::string_view key, const std::optional<Digest>& digest) {
    if (digest.has_value()) Hex(key, *digest);
  }
  void Decimal(std::string_view key, std::uint64_t value) {
    object_.emplace(key, std::to_string(value));
  }
  void Decimal128(std::string_view key, Uint128 value) { object_.emplace(key, ToDecimal(value)); }
  void Integer(std::string_view key, std::uint64_t value) { object_.emplace(key, value); }
  void Integer(std::string_view key, const std::optional<std::uint64_t>& value) {
    if (value.has_value()) Integer(key, *value);
  }
  void Time(std::string_view key, const std::optional<TimeMs>& time) {
    if (time.has_value()) object_.emplace(key, FormatTime(*time));
  }
  void Pairs(std::string_view key, const std::vector<Attribute>& pairs) {
    JsonValue::List list;
    for (const auto& [name, value] : pairs) {
      // Not from an initializer list: g++ 12 at -O2 then reports array bounds that nobody
      // oversteps.
      JsonValue::List pair;
      pair.emplace_back(name);
      pair.emplace_back(value);
      list.emplace_back(std::move(pair));
    }
    List(key, std::move(list));
  }
  void List(std::string_view key, JsonValue::List list) {
    if (!list.empty()) object_.emplace(key, std::move(list));
  }
  void Object(std::string_view key, JsonValue::Object object) {
    object_.emplace(key, std::move(object));
  }
  JsonValue::Object Take() { return std::move(object_); }

 private:
  JsonValue::Object object_;
};

// Takes the keys of one object; the first error is kept. Keys that nobody took are unknown.
class ObjectReader {
 public:
  ObjectReader(const JsonValue& value, std::string path) : path_(std::move(path)) {
    object_ = value.AsObject();
    if (object_ == nullptr) Fail(path_.empty() ? "record" : path_, "another type", "an object");
  }

  std::string Text(std::string_view key) {
    const JsonValue* value = Take(key);
    if (value == nullptr) return {};
    const std::string* text = value->AsString();
    if (text == nullptr) return Fail(key, "another type", "a string"), std::string();
    if (text->empty()) Fail(key, "an empty string", "the key left out");
    return *text;
  }
  std::string RequiredText(std::string_view key) {
    std::string text = Text(key);
    if (text.empty()) FailMissing(key);
    return text;
  }
  std::optional<Digest> Hex(std::string_view key) {
    const std::string text = Text(key);
    if (text.empty()) return std::nullopt;
    auto digest = Digest::FromHex(text, Path(key));
    if (!digest.ok()) return Keep(digest.status()), std::nullopt;
    return *digest;
  }
  Digest RequiredHex(std::string_view key) {
    const auto digest = Hex(key);
    if (!digest.has_value()) FailMissing(key);
    return digest.value_or(Digest{});
  }
  std::optional<std::uint64_t> Integer(std::string_view key) {
    const JsonValue* value = Take(key);
    if (value == nullptr) return std::nullopt;
    if (value->AsInteger() == nullptr) {
      return Fail(key, "another type", "an integer from 0 to 2^53 - 1"), std::nullopt;
    }
    return *value->AsInteger();
  }
  std::uint64_t RequiredInteger(std::string_view key) {
    const auto value = Integer(key);
    if (!value.has_value()) FailMissing(key);
    return value.value_or(0);
  }
  std::uint64_t RequiredDecimal(std::string_view key) {
    const std::string text = RequiredText(key);
    const auto value = ParseUint64(text);
    if (!value.has_value() || *value > kWeightSumMax) {
      Fail(key, Quoted(text), "a decimal string from 0 to 2^63 - 1 without sign or leading zeros");
    }
    return value.value_or(0);
  }
  // Amounts and grains: at most 2^128 - 1, for the type's own rules to bound.
  std::optional<Uint128> Decimal128(std::string_view key) {
    const std::string text = Text(key);
    if (text.empty()) return std::nullopt;
    const auto value = ParseUint128(text);
    if (!value.has_value()) {
      Fail(key, Quoted(text), "a decimal string below 2^128 without sign or leading zeros");
    }
    return value;
  }
  Uint128 RequiredDecimal128(std::string_view key) {
    const auto value = Decimal128(key);
    if (!value.has_value()) FailMissing(key);
    return value.value_or(0);
  }
  std::optional<TimeMs> Time(std::string_view key) {
    const std::string text = Text(key);
    if (text.empty()) return std::nullopt;
    const auto time = ParseTime(text);
    if (!time.has_value()) Fail(key, Quoted(text), "RFC 3339 UTC with three decimals");
    return time;
  }
  template <typename Enum>
  Enum Name(std::string_view key) {
    const std::string text = RequiredText(key);
    const auto value = FromName<Enum>(text);
    if (!value.has_value()) Fail(key, Quoted(text), AllNames<Enum>());
    return value.value_or(Enum{});
  }
  const JsonValue::List& List(std::string_view key) {
    static const JsonValue::List kEmpty;
    const JsonValue* value = Take(key);
    if (value == nullptr) return kEmpty;
    if (value->AsList() == nullptr) return Fail(key, "another type", "a list"), kEmpty;
    if (value->AsList()->empty()) Fail(key, "an empty list", "the key left out");
    return *value->AsList();
  }
  std::vector<Attribute> Pairs(std::string_view key) {
    std::vector<Attribute> pairs;
    for (const JsonValue& item : List(key)) {
      const JsonValue::List* pair = item.AsList();
      if (pair == nullptr || pair->size() != 2 || (*pair)[0].AsString() == nullptr ||
          (*pair)[1].AsString() == nullptr) {
        Fail(key, "another form", "a list of [key, value] string pairs");
        break;
      }
      pairs.emplace_back(*(*pair)[0].AsString(), *(*pair)[1].AsString());
    }
    return pairs;
  }
  const JsonValue* Take(std::string_view key) {
    if (object_ == nullptr) return nullptr;
    const auto found = object_->find(key);
    if (found == object_->end()) return nullptr;
    taken_.push_back(found->first);
    return &found->second;
  }

  void Fail(std::string_view key, std::string_view found, std::string_view allowed) {
    Keep(InvalidField(Path(key), found, allowed));
  }
  void FailMissing(std::string_view key) { Fail(key, "no value", "a value: the key is required"); }
  const absl::Status& status() const { return status_; }
  void Keep(absl::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  // The first error; else an error if a key was not taken. Each key may be taken once only.
  absl::Status Finish() {
    if (!status_.ok() || object_ == nullptr || taken_.size() == object_->size()) return status_;
    for (const auto& [key, value] : *object_) {
      if (std::find(taken_.begin(), taken_.end(), key) != taken_.end()) continue;
      Fail(path_.empty() ? "record" : path_, StrCat("the unknown key ", Quoted(key)),
           "the keys of the schema");
    }
    return status_;
  }

 private:
  std::string Path(std::string_view key) const {
    return path_.empty() || path_ == key ? std::string(key) : StrCat(path_, ".", key);
  }

  const JsonValue::Object* object_;
  std::string path_;
  std::vector<std::string_view> taken_;
  absl::Status status_;
};

}  // namespace tributary::internal
