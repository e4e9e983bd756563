#include "graph/model/json.h"

#include <algorithm>
#include <utility>

#include "graph/model/canonical_json.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Appends a code point that is no surrogate.
void AppendUtf8(std::uint32_t code, std::string* out) {
  const auto put = [&](std::uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  const auto rest = [&](unsigned shift) { put(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    rest(0);
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    rest(6);
    rest(0);
  } else {
    put(0xf0 | (code >> 18));
    rest(12);
    rest(6);
    rest(0);
  }
}

class ForeignJsonParser {
 public:
  ForeignJsonParser(std::string_view text, const ForeignJsonLimits& limits)
      : text_(text), limits_(limits) {}

  absl::StatusOr<ForeignJson> ParseAll() {
    if (!IsValidUtf8(text_)) return absl::InvalidArgumentError("JSON: not valid UTF-8");
    while (true) {
      // Here a value is expected.
      SkipBlanks();
      TRIBUTARY_RETURN_IF_ERROR(CountValue());
      if (Take('{') || Take('[')) {
        TRIBUTARY_RETURN_IF_ERROR(Open(text_[at_ - 1] == '{'));
        SkipBlanks();
        if (!Take(Top().closing())) {
          if (Top().is_object) TRIBUTARY_RETURN_IF_ERROR(ParseKey());
          continue;
        }
        Close();
      } else {
        TRIBUTARY_RETURN_IF_ERROR(ParseScalar());
      }
      TRIBUTARY_ASSIGN_OR_RETURN(const bool done, Settle());
      if (done) break;
    }
    SkipBlanks();
    if (at_ != text_.size()) return Error("text after the value");
    return std::move(done_);
  }

 private:
  // A list or object that is not closed yet.
  struct Frame {
    bool is_object = false;
    ForeignJson::List list;
    ForeignJson::Object object;
    std::string key;  // of the value that is parsed now
    char closing() const { return is_object ? '}' : ']'; }
  };

  absl::Status Error(std::string_view what) const {
    return absl::InvalidArgumentError(StrCat("JSON at byte ", at_, ": ", what));
  }
  Frame& Top() { return frames_.back(); }
  bool Take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void SkipBlanks() { at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size()); }
  absl::Status CountValue() {
    if (++value_count_ <= limits_.value_count_max) return absl::OkStatus();
    return Error(StrCat("more than ", limits_.value_count_max, " values"));
  }
  absl::Status Open(bool is_object) {
    if (frames_.size() == limits_.depth_max) {
      return Error(StrCat("nested deeper than ", limits_.depth_max));
    }
    frames_.emplace_back().is_object = is_object;
    return absl::OkStatus();
  }
  void Close() {
    done_ =
        Top().is_object ? ForeignJson(std::move(Top().object)) : ForeignJson(std::move(Top().list));
    frames_.pop_back();
  }

  // Puts the finished value where it belongs, and closes what ends after it. True: that was the
  // outermost one. False: another value follows.
  absl::StatusOr<bool> Settle() {
    while (!frames_.empty()) {
      Frame& top = Top();
      if (top.is_object) {
        top.object.emplace(std::move(top.key), std::move(done_));
      } else {
        top.list.push_back(std::move(done_));
      }
      SkipBlanks();
      if (Take(',')) {
        if (top.is_object) TRIBUTARY_RETURN_IF_ERROR(ParseKey());
        return false;
      }
      if (!Take(top.closing())) return Error("',' or the end of a list or object is expected");
      Close();
    }
    return true;
  }

  absl::Status ParseKey() {
    SkipBlanks();
    if (!Take('"')) return Error("a key in quotes is expected");
    Top().key.clear();
    TRIBUTARY_RETURN_IF_ERROR(ParseString(&Top().key));
    if (Top().object.contains(Top().key)) return Error(StrCat("key ", Quoted(Top().key), " again"));
    SkipBlanks();
    if (!Take(':')) return Error("':' is expected");
    return absl::OkStatus();
  }

  absl::Status ParseScalar() {
    if (Take('"')) {
      std::string text;
      TRIBUTARY_RETURN_IF_ERROR(ParseString(&text));
      done_ = ForeignJson(std::move(text));
      return absl::OkStatus();
    }
    if (TakeWord("true")) {
      done_ = ForeignJson(true);
    } else if (TakeWord("false")) {
      done_ = ForeignJson(false);
    } else if (TakeWord("null")) {
      done_ = ForeignJson();
    } else {
      return ParseNumber();
    }
    return absl::OkStatus();
  }
  bool TakeWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool TakeDigits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return at_ > begin;
  }
  absl::Status ParseNumber() {
    const std::size_t begin = at_;
    Take('-');
    const bool zero = Take('0');
    if (!zero && !TakeDigits()) return Error("a value is expected");
    if (zero && at_ < text_.size() && IsDigit(text_[at_])) return Error("a leading zero");
    if (Take('.') && !TakeDigits()) return Error("a digit is expected");
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (!TakeDigits()) return Error("a digit is expected");
    }
    if (at_ - begin > kForeignJsonNumberSizeMax) {
      return Error(StrCat("a number of more than ", kForeignJsonNumberSizeMax, " characters"));
    }
    done_ = ForeignJson(ForeignJson::Number{std::string(text_.substr(begin, at_ - begin))});
    return absl::OkStatus();
  }

  // After the opening quote.
  absl::Status ParseString(std::string* out) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return absl::OkStatus();
      }
      if (static_cast<unsigned char>(c) < 0x20) return Error("a control character in a string");
      ++at_;
      if (c == '\\') {
        TRIBUTARY_RETURN_IF_ERROR(ParseEscape(out));
      } else {
        out->push_back(c);
      }
    }
    return Error("unexpected end in a string");
  }

  // After the reverse solidus.
  absl::Status ParseEscape(std::string* out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = at_ < text_.size() ? text_[at_] : '\0';
    const std::size_t index = kLetters.find(letter);
    if (letter != '\0' && index != std::string_view::npos) {
      ++at_;
      out->push_back(kMeanings[index]);
      return absl::OkStatus();
    }
    const auto unit = ParseUnit();
    if (!unit.has_value() || (*unit >= 0xdc00 && *unit < 0xe000)) return Error("a wrong escape");
    std::uint32_t code = *unit;
    if (*unit >= 0xd800 && *unit < 0xdc00) {
      const auto low = Take('\\') ? ParseUnit() : std::nullopt;
      if (!low.has_value() || *low < 0xdc00 || *low >= 0xe000) {
        return Error("half of a surrogate pair");
      }
      code = 0x10000 + ((*unit - 0xd800) << 10) + (*low - 0xdc00);
    }
    AppendUtf8(code, out);
    return absl::OkStatus();
  }
  // u and four hex digits.
  std::optional<std::uint32_t> ParseUnit() {
    if (!Take('u') || text_.size() - at_ < 4) return std::nullopt;
    std::uint32_t unit = 0;
    for (const char c : text_.substr(at_, 4)) {
      unit <<= 4;
      if (IsDigit(c)) {
        unit |= static_cast<std::uint32_t>(c - '0');
      } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
        unit |= static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
      } else {
        return std::nullopt;
      }
    }
    at_ += 4;
    return unit;
  }

  std::string_view text_;
  ForeignJsonLimits limits_;
  std::size_t at_ = 0;
  std::size_t value_count_ = 0;
  std::vector<Frame> frames_;
  ForeignJson done_;  // the value finished last
};

}  // namespace

std::optional<std::uint64_t> ForeignJson::AsInteger() const {
  const Number* number = AsNumber();
  if (number == nullptr || number->text.size() > 16) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : number->text) {
    if (!IsDigit(c)) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value <= kJsonIntegerMax ? std::optional(value) : std::nullopt;
}

const ForeignJson* ForeignJson::Find(std::string_view key) const {
  const Object* object = AsObject();
  if (object == nullptr) return nullptr;
  const auto member = object->find(key);
  return member == object->end() ? nullptr : &member->second;
}

absl::StatusOr<ForeignJson> ParseForeignJson(std::string_view text,
                                             const ForeignJsonLimits& limits) {
  return ForeignJsonParser(text, limits).ParseAll();
}

}  // namespace tributary
