// What the fuzzers of tests/fuzz check, for each golden file and for damaged copies of it.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/rng.h"

extern "C" {
using Fuzzer = int(const std::uint8_t* data, std::size_t size);
Fuzzer envelope_fuzzer;
Fuzzer foreign_json_fuzzer;
Fuzzer log_proof_fuzzer;
Fuzzer map_page_fuzzer;
Fuzzer map_proof_fuzzer;
Fuzzer multi_proof_fuzzer;
Fuzzer note_fuzzer;
Fuzzer policy_fuzzer;
Fuzzer private_key_fuzzer;
Fuzzer tile_fuzzer;
}

namespace tributary {
namespace {

std::vector<std::string> GoldenFiles() {
  std::vector<std::string> files;
  for (const char* folder : {"envelopes", "log", "map", "records"}) {
    const auto path = std::filesystem::path(TRIBUTARY_GOLDEN_FOLDER) / folder;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      std::ifstream in(entry.path(), std::ios::binary);
      files.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
  }
  return files;
}

// A few bytes changed, dropped or repeated.
std::string Damaged(std::string bytes, test::Rng& rng) {
  for (std::uint64_t edits = rng.Between(1, 3); edits > 0 && !bytes.empty(); --edits) {
    const std::size_t at = rng.Below(bytes.size());
    switch (rng.Below(4)) {
      case 0:
        bytes.erase(at, rng.Between(1, 20));
        break;
      case 1:
        bytes.insert(at, bytes.substr(rng.Below(bytes.size()), rng.Between(1, 20)));
        break;
      case 2:
        bytes.resize(at);
        break;
      default:
        bytes[at] = static_cast<char>(rng.Below(256));
    }
  }
  return bytes;
}

TEST_CASE("fuzz replay: golden files and damaged copies of them", "[fuzz][property]") {
  test::Rng rng = test::SeededRng();
  const auto files = GoldenFiles();
  REQUIRE(files.size() > 20);
  for (Fuzzer* fuzzer :
       {envelope_fuzzer, foreign_json_fuzzer, log_proof_fuzzer, map_page_fuzzer, map_proof_fuzzer,
        multi_proof_fuzzer, note_fuzzer, policy_fuzzer, private_key_fuzzer, tile_fuzzer}) {
    const auto run = [&](const std::string& bytes) {
      return fuzzer(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    };
    run("");
    for (const std::string& file : files) {
      CHECK(run(file) == 0);  // a broken property ends the process, naming itself
      for (int trial = 0; trial < 50; ++trial) run(Damaged(file, rng));
    }
  }
}

}  // namespace
}  // namespace tributary
