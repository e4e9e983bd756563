#include "server/config.h"

#include "graph/model/status.h"
#include "server/limits.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

using server::AllLimits;
using server::ApplyConfigText;
using server::Config;
using server::Limits;
using server::ParseCommandLine;

TEST_CASE("limits: each default is within its bounds and has a reason", "[server]") {
  const Limits defaults;
  for (const server::LimitInfo& limit : AllLimits()) {
    CAPTURE(limit.name);
    CHECK(defaults.*(limit.value) >= limit.value_min);
    CHECK(defaults.*(limit.value) <= limit.value_max);
    CHECK(limit.reason.size() > 10);
  }
  // Every member has its row: all are of one type.
  CHECK(AllLimits().size() * sizeof(std::uint64_t) == sizeof(Limits));
}

TEST_CASE("config: a file sets what it names and nothing else", "[server]") {
  Config config;
  REQUIRE_OK(ApplyConfigText(
      R"({"data_dir":"/srv/t","allow_remote":true,"limits":{"worker_count":7}})", &config));
  CHECK(config.data_dir == "/srv/t");
  CHECK(config.allow_remote);
  CHECK(config.limits.worker_count == 7);
  CHECK(config.listen == Config().listen);
}

TEST_CASE("config: what is wrong in a file is named", "[server]") {
  Config config;
  for (const auto& [text, named] : {std::pair("no json", "JSON"),
                                    {"[]", "array"},
                                    {R"({"datadir":"x"})", "datadir"},
                                    {R"({"data_dir":3})", "data_dir"},
                                    {R"({"limits":{"worker_count":-1}})", "worker_count"},
                                    {R"({"limits":{"worker_count":0}})", "worker_count"},
                                    {R"({"limits":{"workers":1}})", "workers"}}) {
    CAPTURE(text);
    const absl::Status status = ApplyConfigText(text, &config);
    CHECK_STATUS(status, absl::StatusCode::kInvalidArgument);
    CHECK(std::string(status.message()).find(named) != std::string::npos);
  }
}

TEST_CASE("config: flags win over defaults, and must be known", "[server]") {
  const char* good[] = {"tributaryd", "--data-dir",     "/d",       "--limit", "page_size_max=5",
                        "--limit",    "worker_count=2", "--listen", "unix:/s"};
  const auto line = ParseCommandLine(std::size(good), good);
  REQUIRE_OK(line);
  CHECK(line->print.empty());
  CHECK(line->config.limits.page_size_max == 5);
  CHECK(line->config.limits.worker_count == 2);
  CHECK(line->config.listen == "unix:/s");
  const char* unknown[] = {"tributaryd", "--data-dir", "/d", "--unheard-of"};
  CHECK_STATUS(ParseCommandLine(std::size(unknown), unknown), absl::StatusCode::kInvalidArgument);
  const char* level[] = {"tributaryd", "--data-dir", "/d", "--log-level", "loud"};
  CHECK_STATUS(ParseCommandLine(std::size(level), level), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary::test
