#include "graph/model/canonical_json.h"

#include "graph/model/text.h"

namespace tributary {
namespace {

void Append(const JsonValue& value, std::string* out);

void AppendList(const JsonValue::List& list, std::string* out) {
  out->push_back('[');
  bool first = true;
  for (const JsonValue& item : list) {
    if (!first) out->push_back(',');
    first = false;
    Append(item, out);
  }
  out->push_back(']');
}

void AppendObject(const JsonValue::Object& object, std::string* out) {
  out->push_back('{');
  bool first = true;
  for (const auto& [key, value] : object) {
    if (!first) out->push_back(',');
    first = false;
    AppendJsonString(key, out);
    out->push_back(':');
    Append(value, out);
  }
  out->push_back('}');
}

void Append(const JsonValue& value, std::string* out) {
  if (const auto* text = value.AsString()) return AppendJsonString(*text, out);
  if (const auto* integer = value.AsInteger()) return StrAppend(out, *integer);
  if (const auto* list = value.AsList()) return AppendList(*list, out);
  AppendObject(*value.AsObject(), out);
}

// The length of the UTF-8 sequence that starts at text[0], or 0 if it is ill-formed.
std::size_t Utf8SequenceSize(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return continues(1) ? 2 : 0;
  if (lead < 0xf0) {
    if (!continues(1) || !continues(2)) return 0;
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;
    if (lead == 0xed && byte(1) > 0x9f) return 0;
    return 3;
  }
  if (lead > 0xf4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return 4;
}

class CanonicalJsonParser {
 public:
  explicit CanonicalJsonParser(std::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<JsonValue> ParseAll() {
    auto value = ParseValue(0);
    if (value.ok() && at_ != bytes_.size()) return Error("bytes after the value");
    return value;
  }

 private:
  absl::Status Error(std::string_view what) const {
    return absl::InvalidArgumentError(StrCat("not canonical JSON at byte ", at_, ": ", what));
  }
  bool AtEnd() const { return at_ == bytes_.size(); }
  bool Take(char c) {
    if (AtEnd() || bytes_[at_] != c) return false;
    ++at_;
    return true;
  }

  absl::StatusOr<JsonValue> ParseValue(std::size_t depth) {
    if (depth > kJsonDepthMax) return Error("nested too deeply");
    if (AtEnd()) return Error("unexpected end");
    switch (bytes_[at_]) {
      case '{':
        return ParseObject(depth);
      case '[':
        return ParseList(depth);
      case '"': {
        auto text = ParseString();
        if (!text.ok()) return text.status();
        return JsonValue(*std::move(text));
      }
      default:
        return ParseInteger();
    }
  }

  absl::StatusOr<JsonValue> ParseObject(std::size_t depth) {
    ++at_;
    JsonValue::Object object;
    if (Take('}')) return JsonValue(std::move(object));
    do {
      if (AtEnd() || bytes_[at_] != '"') return Error("a key in quotes is expected");
      auto key = ParseString();
      if (!key.ok()) return key.status();
      if (!object.empty() && *key <= object.rbegin()->first) {
        return Error("keys are not in ascending order without repetition");
      }
      if (!Take(':')) return Error("':' is expected");
      auto value = ParseValue(depth + 1);
      if (!value.ok()) return value.status();
      object.emplace_hint(object.end(), *std::move(key), *std::move(value));
    } while (Take(','));
    if (!Take('}')) return Error("',' or '}' is expected");
    return JsonValue(std::move(object));
  }

  absl::StatusOr<JsonValue> ParseList(std::size_t depth) {
    ++at_;
    JsonValue::List list;
    if (Take(']')) return JsonValue(std::move(list));
    do {
      auto value = ParseValue(depth + 1);
      if (!value.ok()) return value.status();
      list.push_back(*std::move(value));
    } while (Take(','));
    if (!Take(']')) return Error("',' or ']' is expected");
    return JsonValue(std::move(list));
  }

  absl::StatusOr<JsonValue> ParseInteger() {
    const std::size_t begin = at_;
    std::uint64_t value = 0;
    while (!AtEnd() && bytes_[at_] >= '0' && bytes_[at_] <= '9') {
      value = value * 10 + static_cast<std::uint64_t>(bytes_[at_] - '0');
      if (value > kJsonIntegerMax) return Error("an integer above 2^53 - 1");
      ++at_;
    }
    if (at_ == begin) return Error("a string, integer, list or object is expected");
    if (bytes_[begin] == '0' && at_ - begin > 1) return Error("an integer with a leading zero");
    return JsonValue(value);
  }

  absl::StatusOr<std::string> ParseString() {
    ++at_;
    std::string text;
    while (!AtEnd()) {
      const char c = bytes_[at_];
      if (c == '"') {
        ++at_;
        return text;
      }
      if (static_cast<unsigned char>(c) < 0x20) return Error("a control character in a string");
      if (c == '\\') {
        if (!ParseEscape(&text)) return Error("an escape that the canonical form does not use");
        continue;
      }
      const std::size_t size = Utf8SequenceSize(bytes_.substr(at_));
      if (size == 0) return Error("invalid UTF-8");
      text.append(bytes_.substr(at_, size));
      at_ += size;
    }
    return Error("unexpected end in a string");
  }

  // An escape is canonical if writing the character gives the same bytes again.
  bool ParseEscape(std::string* text) {
    const char c = GuessEscaped(bytes_.substr(at_));
    std::string quoted;
    AppendJsonString(std::string_view(&c, 1), &quoted);
    const std::string_view escape = std::string_view(quoted).substr(1, quoted.size() - 2);
    if (bytes_.substr(at_, escape.size()) != escape) return false;
    at_ += escape.size();
    text->push_back(c);
    return true;
  }
  // The character that an escape stands for if it is canonical; else any.
  static char GuessEscaped(std::string_view escape) {
    if (escape.size() < 2) return '\0';
    switch (escape[1]) {
      case 'b':
        return '\b';
      case 't':
        return '\t';
      case 'n':
        return '\n';
      case 'f':
        return '\f';
      case 'r':
        return '\r';
      case 'u':
        return GuessHexEscaped(escape);
      default:
        return escape[1];
    }
  }
  // Of \u000x or \u001x, x a lowercase hex digit.
  static char GuessHexEscaped(std::string_view escape) {
    if (escape.size() < 6) return '\0';
    const int low = escape[5] <= '9' ? escape[5] - '0' : escape[5] - 'a' + 10;
    return static_cast<char>((escape[4] == '1' ? 16 : 0) + low);
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

}  // namespace

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = Utf8SequenceSize(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void AppendJsonString(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\b':
        out->append("\\b");
        break;
      case '\t':
        out->append("\\t");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\f':
        out->append("\\f");
        break;
      case '\r':
        out->append("\\r");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out->append("\\u00");
          out->push_back(kHex[static_cast<unsigned char>(c) >> 4]);
          out->push_back(kHex[c & 0xf]);
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

std::string WriteCanonicalJson(const JsonValue& value) {
  std::string out;
  Append(value, &out);
  return out;
}

absl::StatusOr<JsonValue> ParseCanonicalJson(std::string_view bytes) {
  return CanonicalJsonParser(bytes).ParseAll();
}

}  // namespace tributary
