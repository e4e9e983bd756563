#include "client/cli/sale_sums.h"

#include "graph/model/text.h"
#include "graph/model/uint128.h"

namespace tributary::cli {

void SaleSums::Add(const RecordBody& body, SaleOutcome outcome) {
  const auto* sale = std::get_if<SaleRecord>(&body);
  if (sale == nullptr) return;
  Sum& sum = sums_[sale->currency][static_cast<std::size_t>(outcome)];
  ++sum.count;
  const bool fits = sale->amount.value <= kUint128Max - sum.minor_units;
  sum.minor_units = fits ? sum.minor_units + sale->amount.value : kUint128Max;
}

Json SaleSums::ToJson() const {
  static constexpr std::array<std::string_view, kSaleOutcomeCount> kNames = {
      "recorded", "already_recorded", "refused", "rejected", "not_sent"};
  Json list = Json::array();
  for (const auto& [currency, sums] : sums_) {
    Json json{{"currency", currency}};
    for (std::size_t i = 0; i < kSaleOutcomeCount; ++i) {
      json[StrCat(kNames[i], "_count")] = sums[i].count;
      json[StrCat(kNames[i], "_minor_units")] = ToDecimal(sums[i].minor_units);
    }
    list.push_back(std::move(json));
  }
  return list;
}

std::string SaleSums::Words(SaleOutcome outcome) const {
  std::string text;
  for (const auto& [currency, sums] : sums_) {
    const Sum& sum = sums[static_cast<std::size_t>(outcome)];
    if (sum.count == 0) continue;
    StrAppend(&text, text.empty() ? "" : ", ", sum.count,
              sum.count == 1 ? " sale of " : " sales of ", ToDecimal(sum.minor_units),
              " minor units of ", currency);
  }
  return text;
}

}  // namespace tributary::cli
