#include "graph/log/checkpoint.h"

#include <string>

#include "tests/graph/log/samples.h"
#include "tests/support/catch.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;

constexpr std::string_view kRoot = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

TEST_CASE("checkpoint: the example of the specification", "[log]") {
  const std::string text = "example.com/behind-the-sofa\n20852163\n" + std::string(kRoot) + "\n";
  const auto checkpoint = ParseCheckpoint(text);
  REQUIRE_OK(checkpoint);
  CHECK(checkpoint->origin == "example.com/behind-the-sofa");
  CHECK(checkpoint->tree_size == 20852163);
  CHECK(checkpoint->root_hash.ToHex() ==
        "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62");
  CHECK(checkpoint->extension_lines.empty());
  CHECK(FormatCheckpoint(*checkpoint) == text);
}

TEST_CASE("checkpoint: a log's origin is the ledger and its epoch", "[log]") {
  CHECK(LogOrigin("lineage.example.com/acme", 1) == test::kOrigin);
  CHECK(LogOrigin("a", 12) == "a/12");
}

TEST_CASE("checkpoint: forms that are accepted", "[log]") {
  const std::string root(kRoot);
  const std::string text = GENERATE_COPY(values<std::string>({
      "o\n0\n" + root + "\n",
      "o\n9223372036854775807\n" + root + "\n",
      "an origin with spaces + plus\n1\n" + root + "\n",
      "o\n1\n" + root + "\nextension\n",
      "o\n1\n" + root + "\none\ntwo words\n",
  }));
  CAPTURE(text);
  const auto checkpoint = ParseCheckpoint(text);
  REQUIRE_OK(checkpoint);
  CHECK(FormatCheckpoint(*checkpoint) == text);
}

TEST_CASE("checkpoint: forms that are refused", "[log]") {
  const std::string root(kRoot);
  const std::string text = GENERATE_COPY(values<std::string>({
      "",
      "o",
      "o\n",
      "o\n1\n",
      "o\n1\n" + root,
      "\n1\n" + root + "\n",
      "o\n\n" + root + "\n",
      "o\n01\n" + root + "\n",
      "o\n00\n" + root + "\n",
      "o\n-1\n" + root + "\n",
      "o\n+1\n" + root + "\n",
      "o\n1 \n" + root + "\n",
      "o\n0x1\n" + root + "\n",
      "o\n9223372036854775808\n" + root + "\n",
      "o\n18446744073709551617\n" + root + "\n",
      "o\n1\n" + root.substr(0, 40) + "\n",
      "o\n1\n" + root.substr(0, 43) + "\n",
      "o\n1\nA" + root + "\n",
      "o\n1\n" + root + "=\n",
      "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",  // bits left over
      "o\n1\n" + root + "\n\n",
      "o\n1\n" + root + "\next\n\n",
      "o\n1\n" + root + "\next",
      std::string(kOriginSizeMax + 1, 'o') + "\n1\n" + root + "\n",
  }));
  CAPTURE(text);
  CHECK_STATUS(ParseCheckpoint(text), kInvalid);
}

TEST_CASE("checkpoint: extension lines are bounded", "[log]") {
  std::string text = "o\n1\n" + std::string(kRoot) + "\n";
  for (std::size_t i = 0; i < kExtensionLineCountMax; ++i) text += "x\n";
  CHECK_STATUS(ParseCheckpoint(text), absl::StatusCode::kOk);
  CHECK_STATUS(ParseCheckpoint(text + "x\n"), kInvalid);
}

TEST_CASE("checkpoint: an error names the line", "[log]") {
  CHECK(ParseCheckpoint("o\nx\n").status().message() ==
        "checkpoint line 2: found \"x\"; allowed: a tree size below 2^63 without leading zeros");
}

}  // namespace
}  // namespace tributary
