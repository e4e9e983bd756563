// A log that signs two histories convicts itself.

#include "graph/log/equivocation.h"

#include <span>
#include <string>
#include <vector>

#include "tests/graph/log/samples.h"
#include "tests/support/catch.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;
using test::kUnauthenticated;

// Two histories that part after three leaves.
test::Leaves History(std::size_t size, const std::string& mark) {
  test::Leaves leaves = test::NumberedLeaves(size);
  for (std::size_t i = 3; i < size; ++i) leaves[i] += mark;
  return leaves;
}

TEST_CASE("equivocation: the golden fork", "[log][golden]") {
  const auto found = VerifyEquivocation(
      {test::ReadLogGolden("checkpoint.txt"), test::ReadLogGolden("fork.txt"), {}, {}},
      test::LogKeys());
  REQUIRE_OK(found);
  CHECK(found->smaller.tree_size == 3);
  CHECK(found->smaller.root_hash != found->larger.root_hash);
}

TEST_CASE("equivocation: two sizes need the larger tree's root at the smaller", "[log]") {
  for (std::size_t size = 5; size <= 12; ++size) {
    for (std::size_t old_size = 4; old_size < size; ++old_size) {
      CAPTURE(old_size, size);
      const auto one = History(old_size, "");
      const auto other = History(size, " of another history");
      EquivocationProof proof{test::SignedHead(one), test::SignedHead(other),
                              test::ReferenceRoot(std::span(other).first(old_size)),
                              test::ReferenceConsistency(old_size, other)};
      CHECK_STATUS(VerifyEquivocation(proof, test::LogKeys()), absl::StatusCode::kOk);
      proof.prefix_root = Sha256("made up");
      CHECK_STATUS(VerifyEquivocation(proof, test::LogKeys()), kInvalid);
    }
  }
}

TEST_CASE("equivocation: an honest log can not be accused", "[log]") {
  const auto leaves = History(9, "");
  const auto head = [&](std::size_t size) {
    return test::SignedHead(std::span(leaves).first(size));
  };
  const Digest root5 = test::ReferenceRoot(std::span(leaves).first(5));
  const auto proof59 = test::ReferenceConsistency(5, leaves);
  CHECK_STATUS(VerifyEquivocation({head(9), head(9), {}, {}}, test::LogKeys()), kInvalid);
  CHECK_STATUS(VerifyEquivocation({head(5), head(9), root5, proof59}, test::LogKeys()), kInvalid);
  CHECK_STATUS(VerifyEquivocation({head(5), head(9), Sha256("x"), proof59}, test::LogKeys()),
               kInvalid);
  CHECK_STATUS(VerifyEquivocation({head(5), head(9), {}, {}}, test::LogKeys()), kInvalid);
  CHECK_STATUS(VerifyEquivocation({head(9), head(5), root5, proof59}, test::LogKeys()), kInvalid);
  CHECK_STATUS(VerifyEquivocation({head(0), head(9), Sha256("x"), {}}, test::LogKeys()), kInvalid);
}

TEST_CASE("equivocation: what somebody else signed is none", "[log]") {
  const std::string head = test::ReadLogGolden("checkpoint.txt");
  const std::string text = FormatCheckpoint({std::string(test::kOrigin), 3, Sha256("r"), {}});
  const std::string forged =
      FormatNote({text, {SignNote(text, test::kOrigin, test::WitnessSigningKey(1))}});
  CHECK_STATUS(VerifyEquivocation({head, forged, {}, {}}, test::LogKeys()), kUnauthenticated);
  CHECK_STATUS(VerifyEquivocation({head, test::ReadLogGolden("fork.txt"), {}, {}}, {}),
               kUnauthenticated);
}

// A witness cosigns what it is shown; only the log answers for the tree.
TEST_CASE("equivocation: cosignatures convict nobody", "[log]") {
  const auto head = [](std::string_view root) {
    const std::string text = FormatCheckpoint({std::string(test::kOrigin), 3, Sha256(root), {}});
    return FormatNote({text, {SignCosignature(text, test::kOrigin, test::LogSigningKey(), 5)}});
  };
  CHECK_STATUS(
      VerifyEquivocation({head("a"), head("b"), {}, {}}, std::vector{test::CosigningLogKey()}),
      kInvalid);
}

TEST_CASE("equivocation: two epochs are two logs", "[log]") {
  const std::string other = "lineage.example.com/acme/2";
  std::vector<VerifierKey> keys = test::LogKeys();
  keys.push_back(
      VerifierKey::Create(other, NoteAlgorithm::kEd25519, test::LogSigningKey().public_key())
          .value());
  const EquivocationProof proof{
      test::SignedHead(3, Sha256("a")), test::SignedHead(3, Sha256("b"), other), {}, {}};
  CHECK_STATUS(VerifyEquivocation(proof, keys), kInvalid);
}

TEST_CASE("equivocation: a proof for one size has nothing besides", "[log]") {
  EquivocationProof proof{
      test::ReadLogGolden("checkpoint.txt"), test::ReadLogGolden("fork.txt"), Sha256("x"), {}};
  CHECK_STATUS(VerifyEquivocation(proof, test::LogKeys()), kInvalid);
  proof.prefix_root = Digest{};
  proof.prefix_proof.push_back(Digest{});
  CHECK_STATUS(VerifyEquivocation(proof, test::LogKeys()), kInvalid);
}

}  // namespace
}  // namespace tributary
