#include "graph/signature/in_toto.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;

const std::string kHex(64, 'a');

std::string Statement(const std::string& subject, const std::string& rest) {
  return R"({"_type":"https://in-toto.io/Statement/v1","subject":)" + subject + rest + "}";
}
std::string Subject(const std::string& hex) {
  return R"([{"name":"model","digest":{"sha256":")" + hex + R"("}}])";
}
constexpr std::string_view kPredicate = R"(,"predicateType":"https://example.com/p/v1")";

TEST_CASE("in-toto: a statement as OpenSSF Model Signing makes it", "[signature]") {
  const auto statement = ParseInTotoStatement(
      R"({"_type": "https://in-toto.io/Statement/v1",
          "subject": [{"name": "bert", "digest": {"sha256": ")" +
      kHex + R"("}}],
          "predicateType": "https://model_signing/signature/v1.0",
          "predicate": {"serialization": {"method": "files", "allow_symlinks": false},
                        "resources": [{"algorithm": "sha256", "name": "a", "digest": ")" +
      kHex + R"("}]}})");
  REQUIRE_OK(statement);
  REQUIRE(statement->subjects.size() == 1);
  CHECK(statement->subjects[0].name == "bert");
  CHECK(statement->subjects[0].sha256.ToHex() == kHex);
  CHECK(statement->predicate_type == "https://model_signing/signature/v1.0");
  CHECK(statement->predicate.size() == 2);
  CHECK(statement->predicate.at("resources").AsList()->size() == 1);
}

TEST_CASE("in-toto: forms that are accepted", "[signature]") {
  const std::string rest(kPredicate);
  const std::string payload = GENERATE_COPY(values<std::string>({
      Statement(Subject(kHex), rest),
      Statement(Subject(kHex), rest + R"(,"predicate":{})"),
      Statement(Subject(kHex), rest + R"(,"later":1)"),
      Statement(R"([{"digest":{"sha256":")" + kHex + R"(","sha512":"ff","gitCommit":7}}])", rest),
  }));
  CAPTURE(payload);
  CHECK_STATUS(ParseInTotoStatement(payload), absl::StatusCode::kOk);
}

TEST_CASE("in-toto: forms that are refused", "[signature]") {
  const std::string rest(kPredicate);
  std::string many = "[";
  for (std::size_t i = 0; i <= kInTotoSubjectCountMax; ++i) {
    many += (i == 0 ? "" : ",") + std::string(R"({"digest":{"sha256":")") + kHex + R"("}})";
  }
  const std::string payload = GENERATE_COPY(values<std::string>({
      "",
      "[]",
      "{}",
      R"({"_type":"https://in-toto.io/Statement/v0.1","subject":)" + Subject(kHex) + rest + "}",
      R"({"subject":)" + Subject(kHex) + rest + "}",
      Statement("[]", rest),
      Statement("{}", rest),
      Statement("[1]", rest),
      Statement(many + "]", rest),
      Statement(R"([{"name":"m"}])", rest),
      Statement(R"([{"name":"m","digest":{}}])", rest),
      Statement(R"([{"name":"m","digest":{"sha512":"ff"}}])", rest),
      Statement(R"([{"name":1,"digest":{"sha256":")" + kHex + R"("}}])", rest),
      Statement(Subject(kHex.substr(1)), rest),
      Statement(Subject("A" + kHex.substr(1)), rest),
      Statement(Subject(kHex), ""),
      Statement(Subject(kHex), R"(,"predicateType":"")"),
      Statement(Subject(kHex), R"(,"predicateType":7)"),
      Statement(Subject(kHex), rest + R"(,"predicate":[])"),
      Statement(Subject(kHex), rest + R"(,"predicate":null)"),
      Statement(Subject(kHex), rest + rest),
  }));
  CAPTURE(payload);
  CHECK_STATUS(ParseInTotoStatement(payload), kInvalid);
}

}  // namespace
}  // namespace tributary
