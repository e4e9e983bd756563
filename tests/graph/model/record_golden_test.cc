// The golden files hold what was written once, independently of this code, and must not change.

#include <filesystem>
#include <set>
#include <string>

#include "graph/model/record.h"
#include "tests/graph/model/sample_records.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

TEST_CASE("records: golden bytes and ids of every type", "[model][golden]") {
  for (const test::SampleRecord& sample : test::SampleRecords()) {
    CAPTURE(sample.name);
    const std::string bytes = test::ReadGolden(std::string(sample.name) + ".json");
    CHECK_STATUS(Validate(sample.record), absl::StatusCode::kOk);
    CHECK(EncodeRecord(sample.record) == bytes);
    CHECK(RecordId(bytes).ToHex() == test::ReadGolden(std::string(sample.name) + ".id"));
    const auto decoded = DecodeRecord(bytes);
    REQUIRE_OK(decoded);
    CHECK(*decoded == sample.record);
    CHECK(EncodeRecord(*decoded) == bytes);
  }
}

TEST_CASE("records: no golden file is left untested", "[model][golden]") {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(TRIBUTARY_RECORDS_FOLDER)) {
    if (entry.path().extension() == ".json") files.insert(entry.path().stem());
  }
  std::set<std::string> samples;
  std::set<std::string_view> types;
  for (const test::SampleRecord& sample : test::SampleRecords()) {
    samples.emplace(sample.name);
    types.insert(TypeName(sample.record.body));
  }
  CHECK(files == samples);
  CHECK(types.size() == std::variant_size_v<RecordBody>);
}

// The digests were computed by another program over the JSON that docs/formats/records.md states.
TEST_CASE("named asset id: known answers", "[model][golden]") {
  CHECK(NamedAssetId({"laion.ai", "laion2B-en", "2022-03"}).ToHex() ==
        "0d8dc6413572b3dd62ebfbe0f9c59628589e1874cf546b603af42a3bc6fb42ec");
  CHECK(NamedAssetId({"", "x", ""}).ToHex() ==
        "ba8e635f1b7cca5e2ae645ef18348126adbd2dd65193b1869555f23495f5eeab");
  CHECK(NamedAssetId({"", "Bücher 📚", ""}).ToHex() ==
        "dc99ab34a4f33c3eb29d0f6bcd4f280a02e8a5848a1fb978d2d344597b3deb77");
}

TEST_CASE("records: decode is the inverse of encode", "[model][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 5'000; ++trial) {
    const Record record = test::RandomRecord(rng);
    const std::string bytes = EncodeRecord(record);
    CAPTURE(rng.seed(), trial, bytes);
    REQUIRE_OK(Validate(record));
    const auto decoded = DecodeRecord(bytes);
    REQUIRE_OK(decoded);
    REQUIRE(*decoded == record);
  }
}

TEST_CASE("records: changed bytes are refused or are another record's own", "[model][property]") {
  test::Rng rng = test::SeededRng();
  int accepted_count = 0;
  for (int trial = 0; trial < 30'000; ++trial) {
    std::string bytes = EncodeRecord(test::RandomRecord(rng));
    const std::size_t at = rng.Below(bytes.size());
    if (rng.OneIn(4))
      bytes.erase(at, rng.Between(1, 4));
    else
      bytes[at] = rng.OneIn(2) ? static_cast<char>('0' + rng.Below(75)) : static_cast<char>(rng());
    const auto decoded = DecodeRecord(bytes);
    if (!decoded.ok()) continue;
    ++accepted_count;
    CAPTURE(rng.seed(), trial, bytes);
    REQUIRE_OK(Validate(*decoded));
    REQUIRE(EncodeRecord(*decoded) == bytes);
  }
  CHECK(accepted_count > 1'000);
}

}  // namespace
}  // namespace tributary
