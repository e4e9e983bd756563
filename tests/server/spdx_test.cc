#include "server/convert/spdx.h"

#include <string>

#include "graph/model/status.h"
#include "server/handlers/record.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

TEST_CASE("licence expressions: what SPDX allows", "[server][convert]") {
  const std::string text = GENERATE(as<std::string>(), "", "MIT", "Apache-2.0 OR MIT",
                                    "GPL-2.0-or-later WITH Classpath-exception-2.0", "GPL-2.0+",
                                    "LicenseRef-CreativeML-Open-RAIL-M",
                                    "DocumentRef-spdx-tool-1.2:LicenseRef-MIT-Style-2",
                                    "MIT AND (LGPL-2.1-or-later OR BSD-3-Clause)", "((MIT))",
                                    "(GPL-2.0+ WITH Bison-exception-2.2)AND MIT", "NOASSERTION",
                                    "NONE", "unknown", "No-Such-Licence-1.0");
  CAPTURE(text);
  REQUIRE_OK(server::CheckLicenseExpression(text));
}

TEST_CASE("licence expressions: what SPDX does not allow", "[server][convert]") {
  const std::string text = GENERATE(
      as<std::string>(), " ", "CC BY 4.0", "MIT and Apache-2.0", "MIT OR", "OR MIT", "MIT MIT",
      "(MIT", "MIT)", "()", "MIT WITH", "MIT WITH OR", "(MIT) WITH Bison-exception-2.2",
      "MIT WITH a WITH b", "LicenseRef-", "LicenseRef-a+", "DocumentRef-a",
      "DocumentRef-:LicenseRef-b", "DocumentRef-a:MIT", "+", "MIT++", "https://example.com/terms",
      "MIT, Apache-2.0", "MIT\n", "MIT/Apache-2.0", "all rights reserved", "\xc2\xa9 Ana");
  CAPTURE(text);
  const absl::Status refused = server::CheckLicenseExpression(text);
  CHECK_STATUS(refused, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(refused) == "license");
}

TEST_CASE("licence expressions: deep nesting takes no stack", "[server][convert]") {
  const std::string open(1'000'000, '(');
  REQUIRE_OK(server::CheckLicenseExpression(open + "MIT" + std::string(1'000'000, ')')));
  CHECK_FALSE(server::CheckLicenseExpression(open + "MIT").ok());
}

TEST_CASE("record asset: a licence that is no expression is refused", "[server]") {
  TestServer server;
  v1::Fact fact = Asset("a", v1::ASSET_KIND_WORK);
  fact.mutable_asset()->set_license("CC BY 4.0");
  const v1::IngestResponse refused = IngestAll(server.env(), {fact});
  REQUIRE(refused.results(0).has_error());
  CHECK(refused.results(0).error().message().find("asset.license: ") == 0);
  fact.mutable_asset()->set_license("CC-BY-4.0");
  RecordFacts(server.env(), {fact});
}

}  // namespace
}  // namespace tributary::test
