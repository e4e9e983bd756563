// The vectors that implementations of RFC 6962 share, good and bad.

#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "graph/merkle/merkle.h"
#include "tests/support/catch.h"
#include "tests/support/hex.h"

namespace tributary {
namespace {

// The empty tree is a prefix of every tree here, as C2SP tlog-witness wants it; the library that
// the vectors come from calls the question useless.
constexpr std::string_view kOtherMeaning = "additional/size1-is-zero-and-size2-is-not-zero";

// A value of another size than 32 bytes stands for its SHA-256, but one of no bytes stands for
// nothing: a case with it is refused when it is read.
class Values {
 public:
  void Add(std::size_t number, const std::string& hex) {
    const std::string bytes = hex == "-" ? "" : test::FromHex(hex);
    if (!bytes.empty()) values_[number] = Digest::FromBytes(bytes).value_or(Sha256(bytes));
  }
  // Of numbers joined by commas, "-" for none. nullopt where one stands for nothing.
  std::optional<std::vector<Digest>> Find(const std::string& numbers) const {
    std::vector<Digest> found;
    std::istringstream in(numbers == "-" ? "" : numbers);
    for (std::string number; std::getline(in, number, ',');) {
      const auto value = values_.find(std::stoul(number));
      if (value == values_.end()) return std::nullopt;
      found.push_back(value->second);
    }
    return found;
  }

 private:
  std::map<std::size_t, Digest> values_;
};

// The verdict on one line of the table.
absl::Status Verify(const std::string& kind, std::uint64_t first, std::uint64_t size,
                    const std::vector<Digest>& ends, const std::vector<Digest>& proof) {
  if (kind == "inclusion") return VerifyInclusion(ends[0], first, size, proof, ends[1]);
  return VerifyConsistency(first, ends[0], size, ends[1], proof);
}

TEST_CASE("merkle: the vectors of transparency-dev", "[merkle][golden]") {
  std::ifstream in(TRIBUTARY_MERKLE_FOLDER "/transparency_dev.txt");
  Values values;
  std::map<std::string, int> counts;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "value") {
      std::size_t number = 0;
      std::string hex;
      words >> number >> hex;
      values.Add(number, hex);
      continue;
    }
    std::string want;
    std::uint64_t first = 0;
    std::uint64_t size = 0;
    std::string one;
    std::string other;
    std::string proof;
    std::string name;
    words >> want >> first >> size >> one >> other >> proof >> name;
    CAPTURE(kind, name);
    const auto ends = values.Find(one + "," + other);
    const auto nodes = values.Find(proof);
    const absl::Status status = ends.has_value() && nodes.has_value()
                                    ? Verify(kind, first, size, *ends, *nodes)
                                    : absl::InvalidArgumentError("not a digest");
    INFO(status.ToString());
    CHECK(status.ok() == (want == "good" || (kind == "consistency" && name == kOtherMeaning)));
    ++counts[kind + " " + want];
  }
  CHECK(counts == std::map<std::string, int>{{"consistency bad", 92},
                                             {"consistency good", 6},
                                             {"inclusion bad", 92},
                                             {"inclusion good", 6}});
}

}  // namespace
}  // namespace tributary
