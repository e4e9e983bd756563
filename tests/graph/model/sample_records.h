// One record of every type and variant, each with its golden file in tests/golden/records.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/model/record.h"
#include "tests/support/rng.h"

namespace tributary::test {

struct SampleRecord {
  std::string_view name;  // of the golden file, without its extension
  Record record;
};
std::vector<SampleRecord> SampleRecords();

// The edges of the sample "derivation_full", in order.
std::vector<Edge> SampleEdges();

// The bytes of one golden file without the line feed that ends it.
std::string ReadGolden(std::string_view file);

// A record around a body, in the ledger of the samples.
Record MakeRecord(RecordBody body);

// A valid record of any type, with random content and its lists in order.
Record RandomRecord(Rng& rng);

// Parts of random records.
std::string RandomPartyId(Rng& rng);
Digest RandomDigest(Rng& rng);
std::optional<Digest> MaybeDigest(Rng& rng);
std::optional<TimeMs> MaybeTime(Rng& rng);
std::uint64_t RandomNumber(Rng& rng, std::uint64_t max);
std::vector<Attribute> RandomPairs(Rng& rng);

// Text of up to size_max bytes: control characters, quotes and characters of every UTF-8 length,
// but no U+0000.
std::string RandomText(Rng& rng, std::size_t size_max);

}  // namespace tributary::test
