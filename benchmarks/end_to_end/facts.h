// Facts as a marketplace sends them, and ways to send many.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "client/lib/client.h"

namespace tributary::bench {

inline constexpr char kLedger[] = "bench";

// The asset id of a thing with this name.
std::string IdOf(const std::string& name);

v1::Fact AssetFact(const std::string& name, v1::AssetKind kind);

struct Input {
  std::string name;
  v1::Role role;
  std::uint64_t weight;
};
v1::Fact DerivationFact(const std::string& generated, const std::vector<Input>& inputs,
                        std::uint64_t retained);

// Sends facts over one Ingest stream in batches, two in flight; every one must be recorded.
void Ingest(const Client& client, const std::string& ledger, const std::vector<v1::Fact>& facts,
            std::size_t batch_size);

}  // namespace tributary::bench
