// Published signatures, good and bad.

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "graph/signature/public_key.h"
#include "tests/support/catch.h"
#include "tests/support/hex.h"

namespace tributary {
namespace {

std::string Bytes(const std::string& hex) { return hex == "-" ? "" : test::FromHex(hex); }

using Keys = std::map<std::size_t, absl::StatusOr<PublicKey>>;

absl::Status Verify(const Keys& keys, std::size_t number, const std::string& message,
                    const std::string& signature) {
  const auto& key = keys.at(number);
  return key.ok() ? key->Verify(message, signature) : key.status();
}

TEST_CASE("keys: the vectors of Wycheproof", "[signature][golden]") {
  Keys keys;
  std::map<std::string, int> counts;
  std::ifstream in(TRIBUTARY_SIGNATURES_FOLDER "/wycheproof.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "key") {
      std::size_t number = 0;
      std::string der;
      words >> number >> der;
      keys.emplace(number, PublicKey::FromDer(Bytes(der)));
      continue;
    }
    std::string want;
    std::size_t key = 0;
    std::string name;
    std::string message;
    std::string signature;
    words >> want >> key >> name >> message >> signature;
    CAPTURE(kind, name);
    const absl::Status status = Verify(keys, key, Bytes(message), Bytes(signature));
    INFO(status.ToString());
    CHECK(status.ok() == (want == "valid"));
    ++counts[kind + " " + want];
  }
  CHECK(counts == std::map<std::string, int>{{"ed25519 invalid", 63},
                                             {"ed25519 valid", 88},
                                             {"p256 invalid", 310},
                                             {"p256 valid", 174},
                                             {"p384 invalid", 310},
                                             {"p384 valid", 194}});
}

}  // namespace
}  // namespace tributary
