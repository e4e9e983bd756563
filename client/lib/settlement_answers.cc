#include "client/lib/settlement_answers.h"

#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary {

absl::StatusOr<MinorUnits> AmountOf(std::string_view digits) {
  const std::optional<Uint128> value = ParseUint128(digits);
  if (value.has_value()) return MinorUnits{*value};
  return absl::DataLossError(
      ToAbsl(StrCat("amount: found ", Quoted(digits), "; allowed: digits without leading zeros")));
}

absl::StatusOr<StatementLine> FromProto(const v1::StatementLine& message) {
  StatementLine line{.payee = message.payee(), .currency = message.currency()};
  TRIBUTARY_ASSIGN_OR_RETURN(line.opening_carry, GrainsOf(message.opening_carry()));
  TRIBUTARY_ASSIGN_OR_RETURN(line.opening_debt, GrainsOf(message.opening_debt()));
  TRIBUTARY_ASSIGN_OR_RETURN(line.earned, GrainsOf(message.earned()));
  TRIBUTARY_ASSIGN_OR_RETURN(line.adjusted_up, GrainsOf(message.adjusted_up()));
  TRIBUTARY_ASSIGN_OR_RETURN(line.adjusted_down, GrainsOf(message.adjusted_down()));
  TRIBUTARY_ASSIGN_OR_RETURN(line.paid, AmountOf(message.paid()));
  TRIBUTARY_ASSIGN_OR_RETURN(line.released, AmountOf(message.released()));
  TRIBUTARY_ASSIGN_OR_RETURN(line.carry, GrainsOf(message.carry()));
  TRIBUTARY_ASSIGN_OR_RETURN(line.debt, GrainsOf(message.debt()));
  return line;
}

absl::StatusOr<StatementTotal> FromProto(const v1::StatementTotal& message) {
  StatementTotal total{.currency = message.currency(),
                       .fraction_bits = message.fraction_bits(),
                       .sale_count = message.sale_count()};
  TRIBUTARY_ASSIGN_OR_RETURN(total.amount, AmountOf(message.amount()));
  TRIBUTARY_ASSIGN_OR_RETURN(total.opening_carry, GrainsOf(message.opening_carry()));
  TRIBUTARY_ASSIGN_OR_RETURN(total.opening_debt, GrainsOf(message.opening_debt()));
  TRIBUTARY_ASSIGN_OR_RETURN(total.adjusted_up, GrainsOf(message.adjusted_up()));
  TRIBUTARY_ASSIGN_OR_RETURN(total.adjusted_down, GrainsOf(message.adjusted_down()));
  TRIBUTARY_ASSIGN_OR_RETURN(total.paid, AmountOf(message.paid()));
  TRIBUTARY_ASSIGN_OR_RETURN(total.released, AmountOf(message.released()));
  TRIBUTARY_ASSIGN_OR_RETURN(total.carry, GrainsOf(message.carry()));
  TRIBUTARY_ASSIGN_OR_RETURN(total.debt, GrainsOf(message.debt()));
  return total;
}

absl::StatusOr<AdjustmentLine> FromProto(const v1::AdjustmentLine& message) {
  AdjustmentLine line{.payee = message.payee(), .currency = message.currency()};
  TRIBUTARY_ASSIGN_OR_RETURN(line.old_grains, GrainsOf(message.old_grains()));
  TRIBUTARY_ASSIGN_OR_RETURN(line.new_grains, GrainsOf(message.new_grains()));
  TRIBUTARY_ASSIGN_OR_RETURN(const Grains increase, GrainsOf(message.increase()));
  TRIBUTARY_ASSIGN_OR_RETURN(const Grains decrease, GrainsOf(message.decrease()));
  if (increase != line.increase() || decrease != line.decrease()) {
    return absl::DataLossError(ToAbsl(StrCat("adjustment line of ", Quoted(line.payee),
                                             ": the difference is not that of old and new")));
  }
  return line;
}

absl::StatusOr<CurrencyRecord> FromProto(const v1::Currency& message) {
  const bool is_bounded = message.scale() <= kCurrencyScaleMax &&
                          message.fraction_bits() >= kFractionBitsMin &&
                          message.fraction_bits() <= kFractionBitsMax;
  if (!is_bounded) {
    return absl::DataLossError(
        ToAbsl(StrCat("currency ", Quoted(message.code()), ": scale ", message.scale(), " and ",
                      message.fraction_bits(), " fraction bits are out of range")));
  }
  return CurrencyRecord{.code = message.code(),
                        .name = message.name(),
                        .scale = message.scale(),
                        .fraction_bits = message.fraction_bits()};
}

}  // namespace tributary
