// JSON of strangers: one reading of each text, or none.

#include "graph/model/json.h"

#include <string>
#include <type_traits>

#include "graph/model/canonical_json.h"
#include "tests/support/catch.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;

using namespace std::string_literals;

ForeignJson Number(const std::string& text) { return ForeignJson(ForeignJson::Number{text}); }
ForeignJson Text(const std::string& text) { return ForeignJson(text); }

TEST_CASE("json: values of every kind", "[model]") {
  struct KnownAnswer {
    std::string text;
    ForeignJson value;
  };
  ForeignJson::List list;
  list.push_back(Number("1"));
  list.push_back(ForeignJson(ForeignJson::List{}));
  list.push_back(ForeignJson());
  ForeignJson::Object object;
  object.emplace("b", ForeignJson(true));
  object.emplace("a", ForeignJson(list));
  object.emplace("", ForeignJson(ForeignJson::Object{}));
  const auto known = GENERATE_COPY(values<KnownAnswer>({
      {"null", ForeignJson()},
      {"true", ForeignJson(true)},
      {" \t\r\n false \n", ForeignJson(false)},
      {"0", Number("0")},
      {"-0", Number("-0")},
      {"-12.50e+7", Number("-12.50e+7")},
      {"1E9", Number("1E9")},
      {"\"\"", Text("")},
      {R"("\"\\\/\b\f\n\r\t")", Text("\"\\/\b\f\n\r\t")},
      {R"("\u0041\u00e9\u20AC\ud83d\ude02\u0000")", Text("Aé€😂\0"s)},
      {"\"Aé€😂\x7f\"", Text("Aé€😂\x7f")},
      {"[]", ForeignJson(ForeignJson::List{})},
      {"{}", ForeignJson(ForeignJson::Object{})},
      {"[1,[],null]", ForeignJson(list)},
      {" { \"b\" : true , \"a\" : [ 1 , [ ] , null ] , \"\" : { } } ", ForeignJson(object)},
      {R"({"\u0062":true,"a":[1,[],null],"":{}})", ForeignJson(object)},
  }));
  CAPTURE(known.text);
  const auto value = ParseForeignJson(known.text);
  REQUIRE_OK(value);
  CHECK(*value == known.value);
}

TEST_CASE("json: what is refused", "[model]") {
  const std::string text = GENERATE(values<std::string>({
      "",
      " ",
      "nul",
      "nulll",
      "True",
      "NaN",
      "Infinity",
      "01",
      "-",
      "+1",
      "1.",
      ".5",
      "1e",
      "1e+",
      "0x1",
      "1 2",
      "'a'",
      "\"",
      "\"a",
      "\"\n\"",
      "\"\x01\"",
      "\"\0\""s,
      R"("\x")",
      R"("\")",
      R"("\u12")",
      R"("\u12g4")",
      R"("\U0041")",
      R"("\ud83d")",
      R"("\ud83dx")",
      R"("\ud83d\u0041")",
      R"("\ud83d\ud83d")",
      R"("\ude02")",
      "\"\xff\"",
      "\"\xc0\x80\"",
      "\"\xed\xa0\x80\"",
      "\xef\xbb\xbf{}",  // a byte order mark
      "[",
      "]",
      "[1",
      "[1,]",
      "[,1]",
      "[1 2]",
      "[1}",
      "{",
      "{]",
      "{1:2}",
      "{\"a\"}",
      "{\"a\":}",
      "{\"a\":1,}",
      "{\"a\":1 \"b\":2}",
      "{\"a\":1,\"a\":1}",
      R"({"a":1,"\u0061":2})",
      "{\"a\":{\"b\":1,\"b\":2}}",
      "{\"a\":1]",
      "{}{}",
      "{} x",
      "[1] // comment",
      "/* comment */ 1",
  }));
  CAPTURE(text);
  CHECK_STATUS(ParseForeignJson(text), kInvalid);
}

TEST_CASE("json: limits by name", "[model]") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK_STATUS(ParseForeignJson(nested(kForeignJsonDepthMax)), absl::StatusCode::kOk);
  CHECK_STATUS(ParseForeignJson(nested(kForeignJsonDepthMax + 1)), kInvalid);
  CHECK_STATUS(ParseForeignJson(std::string(1'000'000, '[')), kInvalid);
  CHECK_STATUS(ParseForeignJson("[1,2,3]", {.value_count_max = 4}), absl::StatusCode::kOk);
  CHECK_STATUS(ParseForeignJson("[1,2,3]", {.value_count_max = 3}), kInvalid);
  CHECK_STATUS(ParseForeignJson(nested(3), {.depth_max = 2}), kInvalid);
  CHECK_STATUS(ParseForeignJson("[]", {.depth_max = 0}), kInvalid);
  CHECK_STATUS(ParseForeignJson("1", {.depth_max = 0}), absl::StatusCode::kOk);
  CHECK_STATUS(ParseForeignJson(std::string(kForeignJsonNumberSizeMax, '1')),
               absl::StatusCode::kOk);
  CHECK_STATUS(ParseForeignJson(std::string(kForeignJsonNumberSizeMax + 1, '1')), kInvalid);
}

TEST_CASE("json: integers are read only where they are plain", "[model]") {
  const auto integer = [](const std::string& text) {
    return ParseForeignJson(text).value().AsInteger();
  };
  CHECK(integer("0") == 0u);
  CHECK(integer("9007199254740991") == kJsonIntegerMax);
  for (const char* text : {"9007199254740992", "99999999999999999999", "-1", "-0", "1.0", "1e2",
                           "\"1\"", "true", "null", "[1]"}) {
    CAPTURE(text);
    CHECK_FALSE(integer(text).has_value());
  }
}

// A pointer converts to bool before it does to a string.
static_assert(!std::is_constructible_v<ForeignJson, const char*>);
static_assert(!std::is_constructible_v<ForeignJson, const char (&)[5]>);
static_assert(std::is_constructible_v<ForeignJson, std::string>);

TEST_CASE("json: members are found by key", "[model]") {
  const auto value = ParseForeignJson(R"({"a":{"b":7}})").value();
  REQUIRE(value.Find("a") != nullptr);
  CHECK(value.Find("a")->Find("b")->AsInteger() == 7u);
  CHECK(value.Find("b") == nullptr);
  CHECK(value.Find("a")->Find("b")->Find("c") == nullptr);
}

TEST_CASE("json: an error says where", "[model]") {
  CHECK(ParseForeignJson("[1,x]").status().message() == "JSON at byte 3: a value is expected");
  CHECK(ParseForeignJson(R"({"a":1,"a":2})").status().message() ==
        "JSON at byte 10: key \"a\" again");
}

}  // namespace
}  // namespace tributary
