#include "graph/model/canonical_json.h"

#include <string>

#include "tests/graph/model/sample_records.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

using namespace std::string_literals;
using List = JsonValue::List;
using Object = JsonValue::Object;

// Lists are built by hand: JsonValue::List{x} of one list would be taken for a copy of it.
JsonValue ListOf(std::initializer_list<JsonValue> items) {
  List list;
  for (const JsonValue& item : items) list.push_back(item);
  return list;
}

JsonValue Nested(std::size_t depth) {
  JsonValue value(std::uint64_t{1});
  for (std::size_t i = 0; i < depth; ++i) {
    List list;
    list.push_back(std::move(value));
    value = JsonValue(std::move(list));
  }
  return value;
}

TEST_CASE("canonical json: known bytes", "[model]") {
  struct KnownAnswer {
    std::string_view name;
    JsonValue value;
    std::string bytes;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {"an empty object", Object{}, "{}"},
      {"an empty list", List{}, "[]"},
      {"an empty string", "", R"("")"},
      {"zero", std::uint64_t{0}, "0"},
      {"the largest integer", kJsonIntegerMax, "9007199254740991"},
      {"short escapes", "\b\t\n\f\r\"\\", R"("\b\t\n\f\r\"\\")"},
      {"other control characters as lowercase hex", "\x01\x0b\x0e\x1a\x1f",
       R"("\u0001\u000b\u000e\u001a\u001f")"},
      {"U+0000 too", "a\0b"s, R"("a\u0000b")"},
      {"DEL, solidus and line separators stand as they are", "\x7f/\u2028\u2029\u0080",
       "\"\x7f/\u2028\u2029\u0080\""},
      {"characters of two, three and four bytes", "ö€😂דּ", "\"ö€😂דּ\""},
      {"keys in order, whatever the order they came in",
       Object{{"peach", "a"}, {"10", "b"}, {"1", "c"}, {"_", "d"}, {"péché", "e"}},
       R"({"1":"c","10":"b","_":"d","peach":"a","péché":"e"})"},
      {"a list in the order given", ListOf({"b", std::uint64_t{2}, "a", ListOf({})}),
       R"(["b",2,"a",[]])"},
  }));
  CAPTURE(known.name);
  CHECK(WriteCanonicalJson(known.value) == known.bytes);
  const auto parsed = ParseCanonicalJson(known.bytes);
  REQUIRE_OK(parsed);
  CHECK(*parsed == known.value);
}

TEST_CASE("canonical json: what the writer would not write is refused", "[model]") {
  struct Refused {
    std::string_view name;
    std::string bytes;
  };
  const auto refused = GENERATE(values<Refused>({
      {"nothing", ""},
      {"null", "null"},
      {"true", "true"},
      {"false", "[false]"},
      {"a fraction", "1.0"},
      {"an exponent", "1e3"},
      {"an exponent in capitals", "1E3"},
      {"a negative integer", "-1"},
      {"minus zero", "-0"},
      {"a plus sign", "+1"},
      {"a leading zero", "01"},
      {"zero twice", "00"},
      {"2^53", "9007199254740992"},
      {"an integer of 30 digits", "100000000000000000000000000000"},
      {"2^64 + 1, which is 1 in 64 bits", "18446744073709551617"},
      {"white space before", " {}"},
      {"white space after", "{} "},
      {"a line feed after", "{}\n"},
      {"white space after a colon", R"({"a": 1})"},
      {"white space after a comma", "[1, 2]"},
      {"white space in an empty list", "[ ]"},
      {"bytes after the value", "{}{}"},
      {"a byte order mark", "\xef\xbb\xbf{}"},
      {"a key twice", R"({"a":1,"a":1})"},
      {"keys out of order", R"({"b":1,"a":1})"},
      {"a longer key first", R"({"aa":1,"a":1})"},
      {"a key that is no string", "{1:1}"},
      {"a key without quotes", "{a:1}"},
      {"single quotes", "'a'"},
      {"a comma at the end of a list", "[1,]"},
      {"a comma at the end of an object", R"({"a":1,})"},
      {"a comma too many", "[1,,2]"},
      {"no comma", "[1 2]"},
      {"no value", R"({"a":})"},
      {"no colon", R"({"a"1})"},
      {"an object left open", R"({"a":1)"},
      {"a list left open", "[1"},
      {"a string left open", "\"a"},
      {"a string that ends in a backslash", "\"\\"},
      {"brackets that do not match", "[1}"},
      {"an escaped solidus", R"("\/")"},
      {"an escape of a printable character", R"("\u0041")"},
      {"an escape of a quote as hex", R"("\u0022")"},
      {"an escape of DEL", R"("\u007f")"},
      {"an escape of a character of two bytes", R"("\u00f6")"},
      {"a line feed as hex", R"("\u000a")"},
      {"a tab as hex", R"("\u0009")"},
      {"hex in capitals", R"("\u001F")"},
      {"a short hex escape", R"("\u001")"},
      {"escaped surrogates", R"("\ud83d\ude02")"},
      {"one escaped surrogate", R"("\ud83d")"},
      {"an escape that JSON does not know", R"("\v")"},
      {"a control character as it is", "\"\n\""},
      {"U+0000 as it is", "\"\0\""s},
      {"an overlong solidus", "\"\xc0\xaf\""},
      {"an overlong U+0000", "\"\xc0\x80\""},
      {"an overlong form of three bytes", "\"\xe0\x9f\xbf\""},
      {"an overlong form of four bytes", "\"\xf0\x8f\xbf\xbf\""},
      {"a surrogate in UTF-8", "\"\xed\xa0\x80\""},
      {"the last surrogate in UTF-8", "\"\xed\xbf\xbf\""},
      {"above U+10FFFF", "\"\xf4\x90\x80\x80\""},
      {"a lead byte that no character has", "\"\xf5\x80\x80\x80\""},
      {"a continuation byte alone", "\"\x80\""},
      {"a sequence cut short", "\"\xe7\x94\""},
      {"a sequence cut short by a quote", "\"\xe7\""},
      {"invalid UTF-8 in a key", "{\"\xff\":1}"},
  }));
  CAPTURE(refused.name);
  CHECK_STATUS(ParseCanonicalJson(refused.bytes), absl::StatusCode::kInvalidArgument);
}

TEST_CASE("canonical json: the first and last characters of each UTF-8 length pass", "[model]") {
  const auto text = GENERATE(values<std::string>({"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
                                                  "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                                                  "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}));
  CHECK(IsValidUtf8(text));
  const auto parsed = ParseCanonicalJson("\"" + text + "\"");
  REQUIRE_OK(parsed);
  CHECK(*parsed == JsonValue(text));
}

TEST_CASE("canonical json: sixteen levels are allowed, one more is not", "[model]") {
  CHECK_STATUS(ParseCanonicalJson(WriteCanonicalJson(Nested(kJsonDepthMax))),
               absl::StatusCode::kOk);
  CHECK_STATUS(ParseCanonicalJson(WriteCanonicalJson(Nested(kJsonDepthMax + 1))),
               absl::StatusCode::kInvalidArgument);
  // Must end in an error, not in the end of the stack.
  CHECK_STATUS(ParseCanonicalJson(std::string(1'000'000, '[')), absl::StatusCode::kInvalidArgument);
}

TEST_CASE("canonical json: an error states the byte", "[model]") {
  const auto parsed = ParseCanonicalJson(R"({"a":1,"b":tru})");
  REQUIRE_FALSE(parsed.ok());
  CHECK(parsed.status().ToString().find("byte 11") != std::string::npos);
}

JsonValue RandomValue(test::Rng& rng, std::size_t depth) {
  switch (rng.Below(depth == 0 ? 2 : 4)) {
    case 0:
      return JsonValue(test::RandomText(rng, 12));
    case 1:
      return JsonValue((rng() >> 11) >> rng.Below(53));
    case 2: {
      List list;
      for (std::uint64_t i = rng.Below(4); i > 0; --i) list.push_back(RandomValue(rng, depth - 1));
      return list;
    }
    default: {
      Object object;
      for (std::uint64_t i = rng.Below(4); i > 0; --i) {
        object.insert_or_assign(test::RandomText(rng, 4), RandomValue(rng, depth - 1));
      }
      return object;
    }
  }
}

TEST_CASE("canonical json: parse is the inverse of write", "[model][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 20'000; ++trial) {
    const JsonValue value = RandomValue(rng, 4);
    const std::string bytes = WriteCanonicalJson(value);
    CAPTURE(rng.seed(), trial, bytes);
    const auto parsed = ParseCanonicalJson(bytes);
    REQUIRE_OK(parsed);
    REQUIRE(*parsed == value);
    REQUIRE(WriteCanonicalJson(*parsed) == bytes);
  }
}

// One byte is changed, dropped, added or doubled with its neighbours.
std::string Mutated(test::Rng& rng, std::string bytes) {
  static constexpr std::string_view kLikely = "\"\\{}[]:,0123456789abcu \n\x01\xc0\xed\xff";
  const std::size_t at = rng.Below(bytes.size());
  const char other = kLikely[rng.Below(kLikely.size())];
  switch (rng.Below(5)) {
    case 0:
      bytes[at] = other;
      break;
    case 1:
      bytes.erase(at, 1);
      break;
    case 2:
      bytes.insert(at, 1, other);
      break;
    case 3:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.Below(8)));
      break;
    default:
      bytes.insert(at, bytes.substr(at, rng.Between(1, 8)));
      break;
  }
  return bytes;
}

TEST_CASE("canonical json: changed bytes are refused or are canonical themselves",
          "[model][property]") {
  test::Rng rng = test::SeededRng();
  int accepted_count = 0;
  for (int trial = 0; trial < 50'000; ++trial) {
    const std::string bytes = Mutated(rng, WriteCanonicalJson(RandomValue(rng, 3)));
    const auto parsed = ParseCanonicalJson(bytes);
    if (!parsed.ok()) continue;
    ++accepted_count;
    CAPTURE(rng.seed(), trial, bytes);
    REQUIRE(WriteCanonicalJson(*parsed) == bytes);
  }
  CHECK(accepted_count > 1'000);  // else nothing was tested
}

}  // namespace
}  // namespace tributary
