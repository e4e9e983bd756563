#include "graph/model/base64.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

TEST_CASE("base64: the vectors of RFC 4648 section 10", "[model]") {
  struct Vector {
    std::string_view bytes;
    std::string_view text;
  };
  const auto known = GENERATE(values<Vector>({{"", ""},
                                              {"f", "Zg=="},
                                              {"fo", "Zm8="},
                                              {"foo", "Zm9v"},
                                              {"foob", "Zm9vYg=="},
                                              {"fooba", "Zm9vYmE="},
                                              {"foobar", "Zm9vYmFy"},
                                              {"\xfb\xff\xfe", "+//+"}}));
  CAPTURE(known.text);
  CHECK(ToBase64(known.bytes) == known.text);
  CHECK(FromBase64(known.text) == known.bytes);
  CHECK(FromAnyBase64(known.text) == known.bytes);
}

TEST_CASE("base64: what the writer does not write is refused", "[model]") {
  const std::string_view text = GENERATE(values<std::string_view>(
      {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Z", "====", "=", "Zm9v\n", " Zm9v", "Zm 9v",
       "Zg==Zg==", "-__-", "Zm9v=", "Zm9v==", "Zm9v====", "Zm9v\xff"}));
  CAPTURE(text);
  CHECK_FALSE(FromBase64(text).has_value());
}

TEST_CASE("base64: the lenient reader takes the other alphabet, and no padding", "[model]") {
  CHECK(FromAnyBase64("-__-") == "\xfb\xff\xfe");
  CHECK(FromAnyBase64("Zg") == "f");
  CHECK(FromAnyBase64("Zm8") == "fo");
  const std::string_view refused = GENERATE(values<std::string_view>(
      {"-/_-", "Zg=", "Zh==", "Zh", "Z", "=", "==", "Zm9v=", "Zg==\n", "Z=g="}));
  CAPTURE(refused);
  CHECK_FALSE(FromAnyBase64(refused).has_value());
}

TEST_CASE("base64: reading is the inverse of writing", "[model][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 5'000; ++trial) {
    std::string bytes;
    for (std::uint64_t size = rng.Below(60); size > 0; --size) {
      bytes.push_back(static_cast<char>(rng.Below(256)));
    }
    const std::string text = ToBase64(bytes);
    CAPTURE(rng.seed(), trial, text);
    REQUIRE(FromBase64(text) == bytes);
    std::string changed = text;
    if (changed.empty()) continue;
    changed[rng.Below(changed.size())] = static_cast<char>(rng.Below(128));
    const auto read = FromBase64(changed);
    if (read.has_value()) REQUIRE(ToBase64(*read) == changed);
  }
}

}  // namespace
}  // namespace tributary
