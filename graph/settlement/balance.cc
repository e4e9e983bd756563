#include "graph/settlement/balance.h"

#include <algorithm>
#include <tuple>

#include "graph/model/status.h"

namespace tributary {
namespace {

constexpr std::string_view kPartyPrefix = "party:";
constexpr Uint128 kSumEnd = Uint128{1} << 127;

absl::Status AddToSum(std::string_view what, Uint128 part, Uint128* sum) {
  if (part < kSumEnd && part < kSumEnd - *sum) {
    *sum += part;
    return absl::OkStatus();
  }
  return FieldError(absl::StatusCode::kOutOfRange, what,
                    StrCat(ToDecimal(part), " after ", ToDecimal(*sum)), "a sum below 2^127");
}

}  // namespace

std::optional<std::string_view> PartyOf(std::string_view payee) {
  if (!payee.starts_with(kPartyPrefix)) return std::nullopt;
  return payee.substr(kPartyPrefix.size());
}

absl::Status AddReceived(const StatementLine& line, bool is_newest, Balance* balance) {
  if (!IsPaidOut(line.payee)) return InvalidField("payee", line.payee, "a party's line");
  if (line.currency != balance->currency) {
    return InvalidField("currency", line.currency, balance->currency);
  }
  TRIBUTARY_RETURN_IF_ERROR(AddToSum("total", line.paid.value, &balance->total.value));
  return is_newest ? AddToSum("debt", line.debt, &balance->debt) : absl::OkStatus();
}

absl::Status AddPayout(MinorUnits amount, std::optional<PayoutState> state, Balance* balance) {
  return IsTaken(state) ? AddToSum("paid_out", amount.value, &balance->paid_out.value)
                        : AddToSum("failed", amount.value, &balance->failed.value);
}

absl::Status AddPendingDecrease(Grains grains, Balance* balance) {
  return AddToSum("pending_decrease", grains, &balance->pending_decrease);
}

absl::Status CloseBalance(Balance* balance) {
  const Uint128 covered = std::min(balance->total.value, balance->paid_out.value);
  balance->overpaid = {balance->paid_out.value - covered};
  // Each is below 2^127. Rounded together, as one debt will be.
  const Grains owed = balance->debt + balance->pending_decrease;
  TRIBUTARY_ASSIGN_OR_RETURN(balance->payable,
                             PayableUnits(balance->total, {covered}, owed, balance->fraction_bits));
  return absl::OkStatus();
}

absl::StatusOr<Balance> ComputeBalance(std::string_view account, std::string_view currency,
                                       unsigned fraction_bits, std::uint64_t newest_statement,
                                       std::span<const ReceivedLine> lines,
                                       std::span<const AccountPayout> payouts,
                                       Grains pending_decrease) {
  Balance balance = {.account = std::string(account),
                     .currency = std::string(currency),
                     .fraction_bits = fraction_bits};
  std::vector<const ReceivedLine*> ordered;
  for (const ReceivedLine& received : lines) ordered.push_back(&received);
  std::sort(ordered.begin(), ordered.end(), [](const ReceivedLine* a, const ReceivedLine* b) {
    return std::tie(a->statement, a->line.payee) < std::tie(b->statement, b->line.payee);
  });
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const ReceivedLine& received = *ordered[i];
    if (received.statement > newest_statement) {
      return InvalidField("statement", StrCat(received.statement),
                          StrCat("at most ", newest_statement));
    }
    const bool is_repeated = i > 0 && received.statement == ordered[i - 1]->statement &&
                             received.line.payee == ordered[i - 1]->line.payee;
    if (is_repeated) {
      return InvalidField("lines",
                          StrCat(received.line.payee, " twice in statement ", received.statement),
                          "each party once");
    }
    TRIBUTARY_RETURN_IF_ERROR(
        AddReceived(received.line, received.statement == newest_statement, &balance));
    if (received.line.paid.value == 0) continue;
    balance.lines.push_back({.statement = received.statement,
                             .begin = received.begin,
                             .end = received.end,
                             .party = std::string(*PartyOf(received.line.payee)),
                             .paid = received.line.paid});
  }
  for (const AccountPayout& payout : payouts) {
    TRIBUTARY_RETURN_IF_ERROR(AddPayout(payout.amount, payout.state, &balance));
    balance.payouts.push_back(payout);
  }
  std::sort(balance.payouts.begin(), balance.payouts.end(),
            [](const AccountPayout& a, const AccountPayout& b) {
              return std::tie(a.position, a.party) < std::tie(b.position, b.party);
            });
  TRIBUTARY_RETURN_IF_ERROR(AddPendingDecrease(pending_decrease, &balance));
  TRIBUTARY_RETURN_IF_ERROR(CloseBalance(&balance));
  return balance;
}

}  // namespace tributary
