// Money of a ledger as people read and write it: its own currencies, payees, grains of a minor
// unit.

#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/cli/session.h"
#include "graph/model/money.h"
#include "graph/model/settlement_records.h"

namespace tributary::cli {

// The currencies that a ledger has registered, each asked for once.
class Currencies {
 public:
  Currencies(Session& session, std::uint64_t tree_size)
      : session_(session), tree_size_(tree_size) {}

  // Errors: kNotFound, the ledger has no such currency; those of the call.
  absl::StatusOr<CurrencyRecord> Find(const std::string& code);

 private:
  Session& session_;
  const std::uint64_t tree_size_;
  std::map<std::string, CurrencyRecord> known_;
};

// "125.00"; no code.
std::string MajorUnits(MinorUnits amount, const CurrencyRecord& currency);
// "125.00 EUR", for people: the code is escaped.
std::string MoneyText(MinorUnits amount, const CurrencyRecord& currency);

// Grains as major units with four decimals more than the currency has, cut off, never rounded up:
// 184467440737095516 grains of 2^64 a cent are "0.000100 EUR". For people; the grains are exact.
std::string GrainsMoneyText(Grains grains, const CurrencyRecord& currency);

// An amount given as major units ("125.00") or, by another option, as minor units ("12500"):
// exactly one of the two texts is not empty. Errors: usage errors that name the options.
absl::StatusOr<std::string> MinorUnitsFrom(std::string_view amount, std::string_view minor_units,
                                           const CurrencyRecord& currency);

// What people read for a payee key: "ana", "unattributed", "no payee on record: 0123abcd…", …
std::string PayeeWords(std::string_view payee_key);

}  // namespace tributary::cli
