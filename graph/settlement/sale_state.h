// What a sale is as of a tree size: the sale's own record and what later records made of it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/cancel.h"
#include "graph/model/status.h"
#include "graph/settlement/policy.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

enum class SaleStanding : std::uint8_t {
  kCounts = 0,
  kPending,   // in escrow; earns nothing until it is posted
  kVoided,    // by an escrow record
  kReversed,  // before or after it was closed
};

// The asset, amount, tree size and policy are those of the correction in force, else the sale's.
struct SaleState {
  LogPosition position;  // of the sale's record
  Digest id;
  std::string reference;
  SaleStanding standing = SaleStanding::kCounts;
  // Where it was earned: its own position, or that of the posting of one that was in escrow. The
  // statement whose range has this position closes it. Of no meaning while it is pending.
  LogPosition earned_at;
  Digest asset;
  MinorUnits amount;
  std::string currency;
  TreeSize valued_at;
  std::optional<Digest> policy;  // absent: the statement's, else none
};

// Records below a tree size that name one sale.
struct SaleChanges {
  std::optional<EscrowOutcome> escrow;
  LogPosition escrow_position;
  bool is_reversed = false;
  std::optional<CorrectionRecord> correction;  // the one in force
};

// Errors: kInvalidArgument, the record is not a sale.
absl::StatusOr<SaleState> StateOf(const LoggedRecord& sale, const SaleChanges& changes);

// One sale as of the reader's tree size. Cost: three look-ups by identity.
absl::StatusOr<SaleState> ReadSaleState(const SettlementReader& reader, const LoggedRecord& sale);

// An error that concerns one sale: says which, and how people mend it.
absl::Status AboutSale(const absl::Status& status, std::string_view reference, const Digest& id);

// --- Many sales ---

// A sale that counts, with everything as small numbers: 80 bytes.
struct CountedSale {
  LogPosition position;
  LogPosition earned_at;
  TreeSize valued_at;
  AssetNumber asset;
  MinorUnits amount;
  std::uint32_t currency = 0;  // index into SaleTable::currencies()
  std::uint32_t policy = 0;    // index into SaleTable::policies()
};

struct SaleLimits {
  // 16 M sales of 80 bytes are 1.25 GiB; a marketplace of 6 a second closes monthly.
  std::size_t sale_count_max = 16'777'216;
  // Reversals and corrections that are kept while sales are read: 1 M of 250 bytes.
  std::size_t change_count_max = 1'048'576;
};

// Sales and what they refer to, each currency and policy once.
class SaleTable {
 public:
  struct Policy {
    PolicyRecord record;
    std::vector<BoundTerm> terms;
  };

  // Currencies, policies and assets are looked up in `reader`, which outlives the table. A sale
  // that names no policy has the default one; without that everything flows by weights, and parts
  // without a payee are held.
  SaleTable(const SettlementReader& reader, std::optional<Digest> default_policy)
      : reader_(reader), default_policy_(default_policy) {}

  // Errors: kInvalidArgument, with AboutSale: currency, policy or asset are not in the ledger, or
  //         the asset was not yet at the tree size that the sale is valued at.
  absl::StatusOr<CountedSale> Bind(const SaleState& state);

  const std::vector<CurrencyRecord>& currencies() const { return currencies_; }
  const std::vector<Policy>& policies() const { return policies_; }
  const SettlementReader& reader() const { return reader_; }

  std::vector<CountedSale> sales;  // ascending position

 private:
  absl::StatusOr<std::uint32_t> FindCurrency(const std::string& code);
  absl::StatusOr<std::uint32_t> FindPolicy(const std::optional<Digest>& id);
  absl::StatusOr<AssetNumber> FindAsset(const Digest& asset, TreeSize valued_at);

  const SettlementReader& reader_;
  const std::optional<Digest> default_policy_;
  std::vector<CurrencyRecord> currencies_;
  std::vector<Policy> policies_;
  absl::flat_hash_map<std::string, std::uint32_t> currency_indices_;
  absl::flat_hash_map<Digest, std::uint32_t> policy_indices_;
  std::optional<std::uint32_t> no_policy_;
  absl::flat_hash_map<Digest, AssetNumber> assets_;
};

// Reads the sales earned at log positions [begin, end), `end` being the tree size of `at_end`, that
// count at `end`, into the table.
//
// Errors: those of Bind; kResourceExhausted by a limit, which it names; kDataLoss, a record names a
//         sale that is none; cancellation and the reader's own.
// Cost:   reads the sales, escrows, reversals and corrections since `begin` once, and a posted
//         sale once more; reversals and corrections since the oldest of those.
absl::Status ReadSales(const SettlementReader& at_end, LogPosition begin, const SaleLimits& limits,
                       const CancelToken* cancel, SaleTable* table);

}  // namespace tributary
