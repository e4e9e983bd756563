#include "graph/model/digest.h"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/hash/hash.h"
#include "graph/model/status.h"
#include "tests/support/catch.h"

namespace tributary {
namespace {

// NIST, "Secure Hash Standard" examples for SHA-256.
TEST_CASE("digest: published vectors of SHA-256", "[model]") {
  struct KnownAnswer {
    std::string message;
    std::string_view digest;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
       "lmnopqrsmnopqrstnopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {std::string(1'000'000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  }));
  CHECK(Sha256(known.message).ToHex() == known.digest);

  const std::string_view message = known.message;
  const std::size_t cut = message.size() / 3;
  CHECK(Sha256({message.substr(0, cut), "", message.substr(cut)}).ToHex() == known.digest);

  Sha256Stream stream;
  stream.Update(message.substr(0, cut));
  const Digest between = Sha256("another one, while the stream is open");
  stream.Update(message.substr(cut));
  CHECK(stream.Finish().ToHex() == known.digest);
  CHECK(between == Sha256("another one, while the stream is open"));
}

TEST_CASE("digest: each thread hashes for itself", "[model]") {
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::string& result : results) {
    threads.emplace_back([&result] {
      Digest digest;
      for (int i = 0; i < 2'000; ++i) digest = Sha256(digest.view());
      result = digest.ToHex();
    });
  }
  for (std::thread& thread : threads) thread.join();
  Digest expected;
  for (int i = 0; i < 2'000; ++i) expected = Sha256(expected.view());
  for (const std::string& result : results) CHECK(result == expected.ToHex());
}

TEST_CASE("digest: hex there and back", "[model]") {
  const Digest digest = Sha256("abc");
  const auto parsed = Digest::FromHex(digest.ToHex());
  REQUIRE_OK(parsed);
  CHECK(*parsed == digest);
}

TEST_CASE("digest: other forms of hex are refused by the field's name", "[model]") {
  const std::string hex = Sha256("abc").ToHex();
  std::string upper = hex;
  upper[0] = 'B';
  std::string letter = hex;
  letter[63] = 'g';
  std::string before_digits = hex;
  before_digits[10] = '/';
  const auto text = GENERATE_COPY(
      values<std::string>({"", hex.substr(1), hex.substr(2), hex + "0", hex + "00", upper, letter,
                           before_digits, "0x" + hex.substr(2), " " + hex.substr(1)}));
  CAPTURE(text);
  const auto parsed = Digest::FromHex(text, "edges_root");
  CHECK_STATUS(parsed, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(parsed.status()) == "edges_root");
}

TEST_CASE("digest: raw bytes, exactly 32", "[model]") {
  const Digest digest = Sha256("abc");
  CHECK(Digest::FromBytes(digest.view()) == digest);
  CHECK_FALSE(Digest::FromBytes(digest.view().substr(1)).has_value());
  CHECK_FALSE(Digest::FromBytes(std::string(digest.view()) + "x").has_value());
}

TEST_CASE("digest: compared as unsigned bytes, first byte first", "[model]") {
  Digest low, high;
  low.bytes[0] = 0x7f;
  high.bytes[0] = 0x80;
  low.bytes[31] = 0xff;
  CHECK(low < high);
  CHECK(low.view() < high.view());
}

// Asset ids come from clients: a table of ids that were chosen to share most of their bytes must
// not become a list.
TEST_CASE("digest: hashes differ wherever the bytes differ", "[model]") {
  const auto place = GENERATE(range(0, static_cast<int>(kDigestSize) - 1));
  CAPTURE(place);
  std::set<std::size_t> hashes;
  for (int i = 0; i < 1 << 16; ++i) {
    Digest digest;
    digest.bytes[static_cast<std::size_t>(place)] = static_cast<std::uint8_t>(i);
    digest.bytes[static_cast<std::size_t>(place) + 1] = static_cast<std::uint8_t>(i >> 8);
    hashes.insert(absl::Hash<Digest>{}(digest));
  }
  CHECK(hashes.size() == 1 << 16);
}

}  // namespace
}  // namespace tributary
