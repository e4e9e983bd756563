// Facts for tests, made from short words.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/fact.h"

namespace tributary::test {

inline constexpr std::string_view kLedgerName = "test.example/ledger";

// The id of the test asset of this name: SHA-256 of the name.
inline Digest AssetId(std::string_view name) { return Sha256(name); }

Fact PartyFact(std::string_view party);
Fact AssetFact(std::string_view name, AssetKind kind = AssetKind::kWork);
Fact AliasFact(std::string_view alias, std::string_view asset);
Fact HoldersFact(std::string_view asset, std::vector<Holder> holders);
Fact ConsentFact(std::string_view asset, std::string_view party, ConsentStatus status);
// Inputs by name with their weights; role training_data.
Fact DerivationFact(std::string_view generated,
                    const std::vector<std::pair<std::string, std::uint64_t>>& inputs,
                    std::uint64_t retained = 0, std::uint64_t unattributed = 0);
// The same fact, superseding a record.
Fact Superseding(Fact fact, const Digest& record_id);

}  // namespace tributary::test
