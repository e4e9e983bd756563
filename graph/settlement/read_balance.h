// Balances as a ledger has them recorded.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/cancel.h"
#include "graph/settlement/balance.h"
#include "graph/settlement/routes.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

struct BalanceLimits {
  // Parties that all asked accounts together receive for at one statement: of 100 bytes, 200 MB.
  // Routes are half as many at most, so only a great many accounts asked at once can meet it.
  std::size_t party_count_max = 2'000'000;
  // Lines and payouts listed in an answer: of 200 bytes, 200 MB. Sums alone need none.
  std::size_t detail_count_max = 1'000'000;
};

struct BalanceQuery {
  std::vector<std::string> parties = {};  // any names; of two of one account it is answered once
  std::string currency = {};              // empty: all
  bool with_details = true;               // lines and payouts, beside the sums
};

// The balances of the accounts of these parties, ascending account, then currency.
//
// With a currency each account has its balance in it, be it of zeros; without, it has one for each
// currency in which it has a line, or a line of a payout batch.
// `routes` are those of the reader's tree size.
// Errors: kNotFound, the currency is not recorded; kResourceExhausted, a limit; kDataLoss, if
//         statements are no chain; as AddReceived, FindLines and the reader.
// Cost:   for each of S statements about log2(lines) reads a party; every payout batch is read, and
//         so are the lines of adjustments that no statement has closed.
absl::StatusOr<std::vector<Balance>> ReadBalances(const SettlementReader& reader,
                                                  const PartyRoutes& routes,
                                                  const BalanceQuery& query,
                                                  const BalanceLimits& limits = {},
                                                  const CancelToken* cancel = nullptr);

// One page of all accounts.
struct BalancePage {
  std::vector<Balance> balances;  // ascending account, sums alone; those with any figure
  bool has_more = false;          // after the last of them
};

// The balances of the first accounts after `after` (empty: of all) in one currency, at most
// `account_count_max`, at least 1.
// Errors: as ReadBalances.
// Cost:   reads all lines of the currency, all payout batches and payout states, however small the
//         page is; memory for one page, for payouts that failed, and for decreases to come.
absl::StatusOr<BalancePage> ReadAllBalances(const SettlementReader& reader,
                                            const PartyRoutes& routes, std::string_view currency,
                                            std::string_view after = {},
                                            std::size_t account_count_max = 1'000'000,
                                            const CancelToken* cancel = nullptr);

// The state in force of a payout batch, or of the line of `party` in it; nullopt: none is recorded,
// and the line has the batch's. Cost: one point read.
absl::StatusOr<std::optional<PayoutState>> FindPayoutState(const SettlementReader& reader,
                                                           const Digest& batch,
                                                           std::string_view party);

}  // namespace tributary
