#include "graph/settlement/read_balance.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "graph/lineage/limits.h"
#include "graph/model/status.h"
#include "graph/settlement/pending_decrease.h"
#include "graph/settlement/record_scan.h"
#include "graph/settlement/statement_lines.h"

namespace tributary {
namespace {

constexpr std::string_view kPartyPrefix = "party:";

// Lines looked for at a time: of 300 bytes, 20 MB.
constexpr std::size_t kAccountBatchCount = 65'536;

// Failed payouts in memory: of 100 bytes, 100 MB.
constexpr std::size_t kFailedPayoutCountMax = 1'000'000;

absl::Status CheckCount(std::string_view limit, std::size_t count, std::size_t allowed) {
  return count <= allowed ? absl::OkStatus() : LimitMet(limit, count, allowed);
}

// Calls visit(statement, is_newest) for each of the chain, in order.
absl::Status ForEachStatement(
    const SettlementReader& reader, const CancelToken* cancel,
    absl::FunctionRef<absl::Status(const LoggedRecord&, const StatementRecord&, bool)> visit) {
  constexpr RecordType kType = kRecordTypeOf<StatementRecord>;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t count,
                             reader.CountBefore(kType, {reader.tree_size().value}));
  std::uint64_t number = 0;
  std::uint64_t end = 0;
  return ForEachRecord(reader, kType, cancel, [&](const LoggedRecord& logged) {
    const auto& statement = std::get<StatementRecord>(logged.record.body);
    ++number;
    if (statement.number != number || statement.begin < end || statement.end <= statement.begin) {
      return absl::DataLossError(StrCat("statement ", statement.number, " over [", statement.begin,
                                        ", ", statement.end, ") where number ", number, " from ",
                                        end, " on is due"));
    }
    end = statement.end;
    return visit(logged, statement, number == count);
  });
}

absl::StatusOr<std::optional<unsigned>> FindFractionBits(const SettlementReader& reader,
                                                         std::string_view code) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<LoggedRecord> found,
                             reader.FindInForce(CurrencyRecord{.code = std::string(code)}));
  if (!found.has_value()) return std::nullopt;
  return static_cast<unsigned>(std::get<CurrencyRecord>(found->record.body).fraction_bits);
}

absl::StatusOr<unsigned> ReadFractionBits(const SettlementReader& reader, std::string_view code) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto bits, FindFractionBits(reader, code));
  if (bits.has_value()) return *bits;
  return FieldError(absl::StatusCode::kNotFound, "currency", Quoted(code),
                    "a currency that is recorded");
}

// --- Some accounts, with details ---

class BalanceReader {
 public:
  BalanceReader(const SettlementReader& reader, const PartyRoutes& routes,
                const BalanceQuery& query, const BalanceLimits& limits, const CancelToken* cancel)
      : reader_(reader), routes_(routes), query_(query), limits_(limits), cancel_(cancel) {
    for (const std::string& party : query.parties) accounts_.emplace_back(routes.AccountOf(party));
    std::sort(accounts_.begin(), accounts_.end());
    accounts_.erase(std::unique(accounts_.begin(), accounts_.end()), accounts_.end());
  }

  absl::StatusOr<std::vector<Balance>> Read() && {
    if (!query_.currency.empty()) {
      TRIBUTARY_ASSIGN_OR_RETURN(const unsigned bits, ReadFractionBits(reader_, query_.currency));
      for (const std::string_view account : accounts_) Find(account, query_.currency, bits);
    }
    TRIBUTARY_RETURN_IF_ERROR(
        ForEachStatement(reader_, cancel_,
                         [this](const LoggedRecord& logged, const StatementRecord& statement,
                                bool is_newest) { return Add(logged, statement, is_newest); }));
    TRIBUTARY_RETURN_IF_ERROR(
        ForEachRecord(reader_, kRecordTypeOf<PayoutBatchRecord>, cancel_,
                      [this](const LoggedRecord& logged) { return AddBatch(logged); }));
    TRIBUTARY_RETURN_IF_ERROR(AddPending());
    std::vector<Balance> balances;
    for (auto& [key, balance] : balances_) {
      TRIBUTARY_RETURN_IF_ERROR(CloseBalance(&balance));
      balances.push_back(std::move(balance));
    }
    return balances;
  }

 private:
  struct Wanted {
    std::string payee;
    std::string_view account;
  };

  Balance& Find(std::string_view account, std::string_view currency, unsigned fraction_bits) {
    const auto [place, is_new] = balances_.try_emplace({account, std::string(currency)});
    if (is_new) {
      place->second.account = std::string(account);
      place->second.currency = std::string(currency);
      place->second.fraction_bits = fraction_bits;
    }
    return place->second;
  }

  absl::Status AddDetail() {
    return CheckCount("detail_count_max", ++detail_count_, limits_.detail_count_max);
  }

  absl::Status Add(const LoggedRecord& logged, const StatementRecord& statement, bool is_newest) {
    std::vector<const StatementTotal*> totals;
    for (const StatementTotal& total : statement.totals) {
      if (query_.currency.empty() || total.currency == query_.currency) totals.push_back(&total);
    }
    if (totals.empty()) return absl::OkStatus();
    std::sort(totals.begin(), totals.end(),
              [](const auto* a, const auto* b) { return a->currency < b->currency; });
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Wanted> wanted,
                               CollectWanted({statement.end - 1}));
    const LineList list = {logged.position, statement.line_count};
    for (const StatementTotal* total : totals) {
      for (std::size_t first = 0; first < wanted.size(); first += kAccountBatchCount) {
        const std::span some =
            std::span(wanted).subspan(first, std::min(kAccountBatchCount, wanted.size() - first));
        std::vector<LineKey> keys;
        for (const Wanted& one : some) keys.push_back({total->currency, one.payee});
        TRIBUTARY_ASSIGN_OR_RETURN(const auto lines, FindLines(reader_, list, keys, cancel_));
        for (std::size_t i = 0; i < lines.size(); ++i) {
          if (!lines[i].has_value()) continue;
          Balance& balance =
              Find(some[i].account, total->currency, static_cast<unsigned>(total->fraction_bits));
          TRIBUTARY_RETURN_IF_ERROR(AddLine(statement, *lines[i], is_newest, &balance));
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddLine(const StatementRecord& statement, const StatementLine& line, bool is_newest,
                       Balance* balance) {
    TRIBUTARY_RETURN_IF_ERROR(AddReceived(line, is_newest, balance));
    if (!query_.with_details || line.paid.value == 0) return absl::OkStatus();
    TRIBUTARY_RETURN_IF_ERROR(AddDetail());
    balance->lines.push_back({.statement = statement.number,
                              .begin = statement.begin,
                              .end = statement.end,
                              .party = std::string(*PartyOf(line.payee)),
                              .paid = line.paid});
    return absl::OkStatus();
  }

  // Everybody whose line in a statement is received, ascending payee.
  absl::StatusOr<std::vector<Wanted>> CollectWanted(LogPosition at) const {
    std::vector<Wanted> wanted;
    for (const std::string_view account : accounts_) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::string_view> parties,
                                 routes_.PartiesOf(account, at, limits_.party_count_max));
      for (const std::string_view party : parties) {
        wanted.push_back({StrCat(kPartyPrefix, party), account});
      }
      TRIBUTARY_RETURN_IF_ERROR(
          CheckCount("party_count_max", wanted.size(), limits_.party_count_max));
    }
    std::sort(wanted.begin(), wanted.end(),
              [](const Wanted& a, const Wanted& b) { return a.payee < b.payee; });
    return wanted;
  }

  // The account asked about that collects for a party; nullopt: another one does.
  std::optional<std::string_view> WantedCollector(std::string_view party, LogPosition at) const {
    const std::string_view collector = routes_.CollectorOf(party, at);
    const auto account = std::lower_bound(accounts_.begin(), accounts_.end(), collector);
    if (account == accounts_.end() || *account != collector) return std::nullopt;
    return *account;
  }

  absl::Status AddPending() {
    TRIBUTARY_ASSIGN_OR_RETURN(const PendingDecreases pending,
                               ReadPendingDecreases(
                                   reader_, query_.currency,
                                   [this](std::string_view party, LogPosition at) {
                                     return WantedCollector(party, at).has_value();
                                   },
                                   cancel_));
    for (const PendingDecrease& one : pending.parties) {
      TRIBUTARY_ASSIGN_OR_RETURN(const unsigned bits, BitsOf(one.currency));
      Balance& balance = Find(*WantedCollector(one.party, pending.closed_end), one.currency, bits);
      TRIBUTARY_RETURN_IF_ERROR(AddPendingDecrease(one.grains, &balance));
    }
    return absl::OkStatus();
  }

  absl::Status AddBatch(const LoggedRecord& logged) {
    const auto& batch = std::get<PayoutBatchRecord>(logged.record.body);
    if (!query_.currency.empty() && batch.currency != query_.currency) return absl::OkStatus();
    std::optional<std::optional<PayoutState>> of_batch;  // read where it is first needed
    for (const PayoutLine& line : batch.lines) {
      const std::string_view named = routes_.AccountOf(line.party);
      const auto account = std::lower_bound(accounts_.begin(), accounts_.end(), named);
      if (account == accounts_.end() || *account != named) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(std::optional<PayoutState> state,
                                 FindPayoutState(reader_, logged.id, line.party));
      if (!state.has_value()) {
        if (!of_batch.has_value()) {
          TRIBUTARY_ASSIGN_OR_RETURN(of_batch, FindPayoutState(reader_, logged.id, ""));
        }
        state = *of_batch;
      }
      TRIBUTARY_RETURN_IF_ERROR(AddPayoutLine(logged, batch, line, *account, state));
    }
    return absl::OkStatus();
  }

  absl::Status AddPayoutLine(const LoggedRecord& logged, const PayoutBatchRecord& batch,
                             const PayoutLine& line, std::string_view account,
                             const std::optional<PayoutState>& state) {
    TRIBUTARY_ASSIGN_OR_RETURN(const unsigned bits, BitsOf(batch.currency));
    Balance& balance = Find(account, batch.currency, bits);
    AccountPayout payout = {.batch = logged.id,
                            .reference = batch.reference,
                            .position = logged.position,
                            .party = line.party,
                            .amount = line.amount,
                            .state = state};
    TRIBUTARY_RETURN_IF_ERROR(AddPayout(line.amount, payout.state, &balance));
    if (!query_.with_details) return absl::OkStatus();
    TRIBUTARY_RETURN_IF_ERROR(AddDetail());
    // Lines of a batch stand by bytes, amount first; names of one account by party.
    auto place = balance.payouts.end();
    while (place != balance.payouts.begin() && std::prev(place)->position == payout.position &&
           payout.party < std::prev(place)->party) {
      --place;
    }
    balance.payouts.insert(place, std::move(payout));
    return absl::OkStatus();
  }

  absl::StatusOr<unsigned> BitsOf(const std::string& currency) {
    const auto known = bits_.find(currency);
    if (known != bits_.end()) return known->second;
    TRIBUTARY_ASSIGN_OR_RETURN(const unsigned bits, ReadFractionBits(reader_, currency));
    bits_[currency] = bits;
    return bits;
  }

  const SettlementReader& reader_;
  const PartyRoutes& routes_;
  const BalanceQuery& query_;
  const BalanceLimits& limits_;
  const CancelToken* cancel_;
  std::vector<std::string_view> accounts_;  // ascending; of the routes or the query
  std::map<std::pair<std::string_view, std::string>, Balance> balances_;
  std::map<std::string, unsigned, std::less<>> bits_;
  std::size_t detail_count_ = 0;
};

// --- All accounts, by sums ---

// The first accounts in order that there is room for. One that came too late for a place, or lost
// it, is after all that stay, so those that stay missed nothing.
class AccountPage {
 public:
  AccountPage(std::string_view currency, unsigned fraction_bits, std::string_view after,
              std::size_t count_max)
      : currency_(currency), fraction_bits_(fraction_bits), after_(after), count_max_(count_max) {}

  // nullptr: not on this page.
  Balance* Find(std::string_view account) {
    if (account <= after_ || (end_.has_value() && account >= *end_)) return nullptr;
    const auto found = balances_.find(account);
    if (found != balances_.end()) return &found->second;
    if (balances_.size() == count_max_) {
      const auto last = std::prev(balances_.end());
      if (account > last->first) {
        end_ = std::string(account);
        return nullptr;
      }
      end_ = last->first;
      balances_.erase(last);
    }
    Balance& balance = balances_[std::string(account)];
    balance.account = std::string(account);
    balance.currency = std::string(currency_);
    balance.fraction_bits = fraction_bits_;
    return &balance;
  }

  absl::StatusOr<BalancePage> Close() && {
    BalancePage page{.balances = {}, .has_more = end_.has_value()};
    page.balances.reserve(balances_.size());
    for (auto& [account, balance] : balances_) {
      TRIBUTARY_RETURN_IF_ERROR(CloseBalance(&balance));
      page.balances.push_back(std::move(balance));
    }
    return page;
  }

 private:
  std::string_view currency_;
  unsigned fraction_bits_;
  std::string_view after_;
  std::size_t count_max_;
  std::optional<std::string> end_;
  std::map<std::string, Balance, std::less<>> balances_;
};

// Which payouts failed; all others took their amounts.
class FailedPayouts {
 public:
  absl::Status Read(const SettlementReader& reader, const CancelToken* cancel) {
    return ForEachRecord(
        reader, kRecordTypeOf<PayoutStateRecord>, cancel, [this](const LoggedRecord& logged) {
          const auto& state = std::get<PayoutStateRecord>(logged.record.body);
          const std::pair key(state.batch, state.party);
          if (state.state == PayoutState::kFailed) {
            failed_.insert(key);
          } else {
            failed_.erase(key);
          }
          return CheckCount("failed_payout_count_max", failed_.size(), kFailedPayoutCountMax);
        });
  }

  absl::StatusOr<std::optional<PayoutState>> StateOf(const SettlementReader& reader,
                                                     const Digest& batch,
                                                     const std::string& party) const {
    if (failed_.contains({batch, party})) return PayoutState::kFailed;
    if (!failed_.contains({batch, std::string()})) return std::nullopt;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto own, FindPayoutState(reader, batch, party));
    return own.value_or(PayoutState::kFailed);
  }

 private:
  absl::flat_hash_set<std::pair<Digest, std::string>> failed_;  // no party: the batch
};

}  // namespace

absl::StatusOr<std::optional<PayoutState>> FindPayoutState(const SettlementReader& reader,
                                                           const Digest& batch,
                                                           std::string_view party) {
  TRIBUTARY_ASSIGN_OR_RETURN(
      const std::optional<LoggedRecord> found,
      reader.FindInForce(PayoutStateRecord{.batch = batch, .party = std::string(party)}));
  if (!found.has_value()) return std::nullopt;
  return std::get<PayoutStateRecord>(found->record.body).state;
}

absl::StatusOr<std::vector<Balance>> ReadBalances(const SettlementReader& reader,
                                                  const PartyRoutes& routes,
                                                  const BalanceQuery& query,
                                                  const BalanceLimits& limits,
                                                  const CancelToken* cancel) {
  return BalanceReader(reader, routes, query, limits, cancel).Read();
}

absl::StatusOr<BalancePage> ReadAllBalances(const SettlementReader& reader,
                                            const PartyRoutes& routes, std::string_view currency,
                                            std::string_view after, std::size_t account_count_max,
                                            const CancelToken* cancel) {
  if (account_count_max == 0) return InvalidField("account_count_max", "0", "at least 1");
  TRIBUTARY_ASSIGN_OR_RETURN(const unsigned bits, ReadFractionBits(reader, currency));
  AccountPage page(currency, bits, after, account_count_max);
  TRIBUTARY_RETURN_IF_ERROR(ForEachStatement(
      reader, cancel,
      [&](const LoggedRecord& logged, const StatementRecord& statement, bool is_newest) {
        const bool has_currency =
            std::any_of(statement.totals.begin(), statement.totals.end(),
                        [&](const StatementTotal& total) { return total.currency == currency; });
        if (!has_currency) return absl::OkStatus();
        const LineList list = {logged.position, statement.line_count};
        return ForEachPartyLine(reader, list, currency, cancel, [&](const StatementLine& line) {
          Balance* const balance =
              page.Find(routes.CollectorOf(*PartyOf(line.payee), {statement.end - 1}));
          return balance == nullptr ? absl::OkStatus() : AddReceived(line, is_newest, balance);
        });
      }));
  FailedPayouts failed;
  TRIBUTARY_RETURN_IF_ERROR(failed.Read(reader, cancel));
  const auto add_batch = [&](const LoggedRecord& logged) -> absl::Status {
    const auto& batch = std::get<PayoutBatchRecord>(logged.record.body);
    if (batch.currency != currency) return absl::OkStatus();
    for (const PayoutLine& line : batch.lines) {
      Balance* const balance = page.Find(routes.AccountOf(line.party));
      if (balance == nullptr) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(const auto state, failed.StateOf(reader, logged.id, line.party));
      TRIBUTARY_RETURN_IF_ERROR(AddPayout(line.amount, state, balance));
    }
    return absl::OkStatus();
  };
  TRIBUTARY_RETURN_IF_ERROR(
      ForEachRecord(reader, kRecordTypeOf<PayoutBatchRecord>, cancel, add_batch));
  TRIBUTARY_ASSIGN_OR_RETURN(
      const PendingDecreases pending,
      ReadPendingDecreases(
          reader, currency, [](std::string_view, LogPosition) { return true; }, cancel));
  for (const PendingDecrease& one : pending.parties) {
    Balance* const balance = page.Find(routes.CollectorOf(one.party, pending.closed_end));
    if (balance == nullptr) continue;
    TRIBUTARY_RETURN_IF_ERROR(AddPendingDecrease(one.grains, balance));
  }
  return std::move(page).Close();
}

}  // namespace tributary
