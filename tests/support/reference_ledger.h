// Sales and adjustments of a ledger valued a second time, from SEMANTICS section 4 and the
// decisions, with no regard for speed: every look-up scans the log from its beginning, and two
// states are the same where every record upstream is. Shares no code with what it judges.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/memory_settlement_ledger.h"
#include "tests/support/reference_settlement.h"

namespace tributary::test {

using ReferenceEarned = std::map<std::pair<std::string, std::string>, BigInt>;  // currency, payee

// A record that an adjustment names, and the tree size at which it was valued.
struct ReferenceCause {
  std::uint64_t record = 0;  // log position
  std::uint64_t tree_size = 0;
};

struct ReferenceValuation {
  ReferenceEarned earned;
  std::map<std::string, BigInt> amounts;  // by currency
  std::uint64_t sale_count = 0;
  std::uint64_t pass_count = 0;
  std::set<std::uint64_t> refused;  // positions of sales that their policy does not fit
};

class ReferenceLedger {
 public:
  explicit ReferenceLedger(const MemorySettlementLedger& ledger) : ledger_(ledger) {}

  // What the sales of a statement over [begin, end) earned, its causes applied in their order.
  // `one_by_one`: every sale by its own lineage, none flowing together. `judged_at`: holds placed
  // at `end` or above that are in force at this tree size hold too, after the others.
  ReferenceValuation Value(std::uint64_t begin, std::uint64_t end,
                           const std::optional<Digest>& policy,
                           const std::vector<ReferenceCause>& causes, bool one_by_one = false,
                           std::uint64_t judged_at = 0);

  // Assignments in force below `tree_size`: who has what `party` earned at a position. Of several
  // the one that begins last.
  std::string EarnerOf(const std::string& party, std::uint64_t at, std::uint64_t tree_size) const;
  std::vector<std::uint64_t> Boundaries(std::uint64_t tree_size) const;

 private:
  struct Sale {
    std::uint64_t position = 0;
    std::uint64_t earned_at = 0;
    std::uint64_t valued_at = 0;
    Digest asset;
    BigInt amount;
    std::string currency;
    std::optional<Digest> policy;
  };
  // Where an asset's record, derivation and holders stand that count in a world (0: none), and 1
  // where the world's own tree size did not know the asset.
  using Versions = std::array<std::uint64_t, 4>;
  struct World {
    PlainLineage lineage;
    std::map<Digest, std::size_t> places;
    std::vector<Versions> versions;  // by place
  };
  using Closure = std::map<Digest, Versions>;
  using Laid = std::vector<std::uint64_t>;  // positions of lineage causes, in their order
  struct Holds {
    std::vector<std::uint64_t> records;
    std::map<std::uint64_t, std::size_t> of_sales;  // position of a sale -> place in records
  };

  template <typename Body>
  const Body* As(std::uint64_t position) const {
    return std::get_if<Body>(&ledger_.at({position}).record.body);
  }
  std::uint64_t PositionOf(const Digest& id) const;
  Versions InForce(const Digest& asset, std::uint64_t tree_size) const;
  std::optional<Versions> VersionsOf(const Digest& asset, std::uint64_t tree_size,
                                     const Laid& laid);
  const World& WorldAt(std::uint64_t tree_size, const Laid& laid = {});
  Closure ClosureOf(const Digest& asset, std::uint64_t tree_size, const Laid& laid = {});

  std::optional<Sale> ReadSale(std::uint64_t position, std::uint64_t end,
                               const std::optional<Digest>& policy) const;
  void Correct(const CorrectionRecord& correction, const std::optional<Digest>& policy,
               Sale* sale) const;
  std::vector<Sale> SalesWith(std::uint64_t begin, std::uint64_t end,
                              const std::optional<Digest>& policy,
                              const std::vector<ReferenceCause>& causes) const;
  Holds HoldsWith(std::uint64_t end, const std::vector<ReferenceCause>& causes) const;
  std::vector<ReferenceHold> ViewsAt(const Holds& holds, const World& world) const;
  // Sales that flow together, by group.
  void Flow(std::uint64_t state, const Laid& laid, const std::vector<Sale>& sales,
            const Holds& holds, std::uint64_t routes_at, ReferenceValuation* valuation);
  // Who gets a recipient's part of a rerouted hold: the first hold on the party, or the party.
  std::string PayeeOf(const std::string& recipient, const Holds& holds) const;

  const MemorySettlementLedger& ledger_;
  std::map<std::pair<std::uint64_t, Laid>, World> worlds_;
};

}  // namespace tributary::test
