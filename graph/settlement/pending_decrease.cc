#include "graph/settlement/pending_decrease.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "graph/lineage/limits.h"
#include "graph/model/status.h"
#include "graph/settlement/adjustment.h"
#include "graph/settlement/balance.h"
#include "graph/settlement/close.h"
#include "graph/settlement/record_scan.h"
#include "graph/settlement/statement_lines.h"

namespace tributary {
namespace {

// Lines looked for at a time: of 300 bytes, 20 MB.
constexpr std::size_t kDebtorBatchCount = 65'536;

struct Sums {
  Grains up = 0;
  Grains down = 0;
};

using SumsByParty = std::map<std::pair<std::string, std::string>, Sums>;  // currency and party

absl::Status Add(Grains part, Grains* sum) {
  if (part < kMoneyGrainsEnd - *sum) {
    *sum += part;
    return absl::OkStatus();
  }
  return FieldError(absl::StatusCode::kOutOfRange, "adjustments",
                    StrCat(ToDecimal(part), " after ", ToDecimal(*sum)), "a sum below 2^127");
}

class Collector {
 public:
  Collector(const SettlementReader& reader, std::string_view currency,
            absl::FunctionRef<bool(std::string_view, LogPosition)> is_wanted,
            const CancelToken* cancel)
      : reader_(reader), currency_(currency), is_wanted_(is_wanted), cancel_(cancel) {}

  absl::StatusOr<PendingDecreases> Run() && {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<LoggedRecord> last, LastStatement(reader_));
    PendingDecreases pending;
    // What is not closed by any statement can not have been adjusted either.
    if (!last.has_value()) return pending;
    const auto& statement = std::get<StatementRecord>(last->record.body);
    pending.closed_end = {statement.end};
    TRIBUTARY_RETURN_IF_ERROR(AddAdjustments(pending.closed_end));
    std::erase_if(sums_, [](const auto& entry) { return entry.second.up >= entry.second.down; });
    TRIBUTARY_RETURN_IF_ERROR(
        TakeCarries({last->position, statement.line_count}, &pending.parties));
    return pending;
  }

 private:
  absl::Status AddAdjustments(LogPosition closed_end) {
    return ForEachRecord<AdjustmentRecord>(
        reader_, closed_end, cancel_,
        [&](const LoggedRecord& logged, const AdjustmentRecord& adjustment) {
          const bool counts = adjustment.mode != AdjustmentMode::kProspective &&
                              std::any_of(adjustment.totals.begin(), adjustment.totals.end(),
                                          [this](const AdjustmentTotal& total) {
                                            return currency_.empty() || total.currency == currency_;
                                          });
          if (!counts) return absl::OkStatus();
          return ForEachLine(reader_, logged.position, cancel_,
                             [&](const std::string& bytes) { return AddLine(bytes, closed_end); });
        });
  }

  absl::Status AddLine(const std::string& bytes, LogPosition closed_end) {
    const absl::StatusOr<AdjustmentLine> line = DecodeAdjustmentLine(bytes);
    if (!line.ok()) return absl::DataLossError("a line of an adjustment is damaged");
    if (!currency_.empty() && line->currency != currency_) return absl::OkStatus();
    const std::optional<std::string_view> party = PartyOf(line->payee);
    if (!party.has_value() || line->old_grains == line->new_grains) return absl::OkStatus();
    if (!is_wanted_(*party, closed_end)) return absl::OkStatus();
    Sums& sums = sums_[{line->currency, std::string(*party)}];
    if (sums_.size() > kPendingDecreaseCountMax) {
      return LimitMet("pending_decrease_count_max", sums_.size(), kPendingDecreaseCountMax);
    }
    TRIBUTARY_RETURN_IF_ERROR(Add(line->increase(), &sums.up));
    return Add(line->decrease(), &sums.down);
  }

  // A decrease meets the carry first, as it will in the statement.
  absl::Status TakeCarries(LineList list, std::vector<PendingDecrease>* parties) const {
    for (auto next = sums_.begin(); next != sums_.end();) {
      std::vector<SumsByParty::const_iterator> entries;
      std::vector<std::string> payees;  // all before keys, which look into them
      for (; next != sums_.end() && entries.size() < kDebtorBatchCount; ++next) {
        entries.push_back(next);
        payees.push_back(StrCat("party:", next->first.second));
      }
      std::vector<LineKey> keys;
      for (std::size_t i = 0; i < entries.size(); ++i) {
        keys.push_back({entries[i]->first.first, payees[i]});
      }
      TRIBUTARY_ASSIGN_OR_RETURN(const auto lines, FindLines(reader_, list, keys, cancel_));
      for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& [key, sums] = *entries[i];
        const Grains decrease = sums.down - sums.up;
        const Grains carry = lines[i].has_value() ? lines[i]->carry : 0;
        if (decrease <= carry) continue;
        parties->push_back(
            {.currency = key.first, .party = key.second, .grains = decrease - carry});
      }
    }
    return absl::OkStatus();
  }

  const SettlementReader& reader_;
  std::string_view currency_;
  absl::FunctionRef<bool(std::string_view, LogPosition)> is_wanted_;
  const CancelToken* cancel_;
  SumsByParty sums_;
};

}  // namespace

absl::StatusOr<PendingDecreases> ReadPendingDecreases(
    const SettlementReader& reader, std::string_view currency,
    absl::FunctionRef<bool(std::string_view party, LogPosition closed_end)> is_wanted,
    const CancelToken* cancel) {
  return Collector(reader, currency, is_wanted, cancel).Run();
}

}  // namespace tributary
