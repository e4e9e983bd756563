#include "graph/settlement/statement.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "graph/model/canonical_json.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/wide.h"

namespace tributary {
namespace {

constexpr std::string_view kPartyPrefix = "party:";

absl::Status CheckFractionBits(unsigned fraction_bits) {
  if (fraction_bits >= kFractionBitsMin && fraction_bits <= kFractionBitsMax) {
    return absl::OkStatus();
  }
  return InvalidField("fraction_bits", StrCat(fraction_bits), "1 to 64");
}

absl::Status CheckPayee(std::string_view payee) {
  const bool is_key = !payee.empty() && payee.size() <= kPayeeKeySizeMax && IsValidUtf8(payee);
  if (is_key) return absl::OkStatus();
  return InvalidField("payee", Quoted(payee), "a payee key of 1 to 320 bytes");
}

// Adds to a sum that must stay below 2^127.
absl::Status AddBounded(std::string_view what, std::string_view currency, Grains grains,
                        Grains* sum) {
  if (grains < kMoneyGrainsEnd && grains < kMoneyGrainsEnd - *sum) {
    *sum += grains;
    return absl::OkStatus();
  }
  return FieldError(absl::StatusCode::kOutOfRange, what,
                    StrCat(ToDecimal(grains), " grains of ", currency, " after ", ToDecimal(*sum)),
                    "a sum below 2^127 grains");
}

// Figures that must be equal: both sides of a line's equation, without differences.
bool AddsUp(const StatementLine& line, unsigned fraction_bits) {
  WideSum given;
  given.Add(line.opening_carry);
  given.Add(line.earned);
  given.Add(line.adjusted_up);
  given.Add(line.debt);
  given.AddShifted(line.released.value, fraction_bits);
  WideSum taken;
  taken.Add(line.opening_debt);
  taken.Add(line.adjusted_down);
  taken.Add(line.carry);
  taken.AddShifted(line.paid.value, fraction_bits);
  return given == taken;
}

// Divides the balance given - taken into whole units and a rest.
void CloseLine(Grains given, Grains taken, unsigned fraction_bits, StatementLine* line) {
  const Grains unit_mask = (Grains{1} << fraction_bits) - 1;
  if (given >= taken) {
    line->paid = {(given - taken) >> fraction_bits};
    line->carry = (given - taken) & unit_mask;
    return;
  }
  const Grains missing = taken - given;
  if (IsPaidOut(line->payee)) {
    line->debt = missing;
    return;
  }
  line->released = {(missing + unit_mask) >> fraction_bits};  // below 2^127 + 2^64
  line->carry = (line->released.value << fraction_bits) - missing;
}

bool IsEmpty(const StatementLine& line) {
  return line.opening_carry == 0 && line.opening_debt == 0 && line.earned == 0 &&
         line.adjusted_up == 0 && line.adjusted_down == 0;
}

void AddTo(const StatementLine& line, StatementTotal* total) {
  total->opening_carry += line.opening_carry;
  total->opening_debt += line.opening_debt;
  total->adjusted_up += line.adjusted_up;
  total->adjusted_down += line.adjusted_down;
  total->paid.value += line.paid.value;
  total->released.value += line.released.value;
  total->carry += line.carry;
  total->debt += line.debt;
}

bool Precedes(const StatementLine& a, const StatementLine& b) {
  return std::tie(a.currency, a.payee) < std::tie(b.currency, b.payee);
}

// --- Reading lines ---

class LineReader {
 public:
  explicit LineReader(const JsonValue::Object& object) : object_(object) {}

  std::string Text(std::string_view key) {
    const std::string* text = Find(key);
    return text == nullptr ? std::string() : *text;
  }
  Uint128 Decimal(std::string_view key) {
    const std::string* text = Find(key);
    const auto value = text == nullptr ? std::nullopt : ParseUint128(*text);
    ok_ &= value.has_value();
    return value.value_or(0);
  }
  bool ok() const { return ok_; }

 private:
  const std::string* Find(std::string_view key) {
    const auto found = object_.find(key);
    const std::string* text = found == object_.end() ? nullptr : found->second.AsString();
    ok_ &= text != nullptr;
    return text;
  }

  const JsonValue::Object& object_;
  bool ok_ = true;
};

// --- Checking lines ---

absl::Status WrongLine(std::size_t i, std::string_view found, std::string_view allowed) {
  return InvalidField(StrCat("lines[", i, "]"), found, allowed);
}

// What a line must hold by itself, however its figures came about.
absl::Status CheckLine(const StatementLine& line, std::size_t i, unsigned fraction_bits) {
  if (!AddsUp(line, fraction_bits)) {
    return WrongLine(i, StrCat("figures of ", line.payee, " that do not add up"),
                     "opening + earned + adjusted = paid - released + closing");
  }
  if (line.carry >> fraction_bits != 0) {
    return WrongLine(i, StrCat("a carry of ", ToDecimal(line.carry)), "less than one minor unit");
  }
  const bool pays = IsPaidOut(line.payee);
  const bool one_way = line.paid.value == 0 || line.released.value == 0;
  const bool owes_only = line.debt == 0 || (line.paid.value == 0 && line.carry == 0);
  if ((pays && line.released.value != 0) || (!pays && line.debt != 0) || !one_way || !owes_only) {
    return WrongLine(i, StrCat("figures of ", line.payee, " of two kinds"),
                     "paid and carry, or a party's debt, or what a held line releases");
  }
  return absl::OkStatus();
}

// Takes `part` off what is left; false if it is more. So no sum of a hostile list can wrap.
bool TakeOff(Uint128 part, Uint128* left) {
  if (part > *left) return false;
  *left -= part;
  return true;
}

// Takes lines off the totals of their record, of which nothing may be left.
class LineChecker {
 public:
  explicit LineChecker(const StatementRecord& record) : record_(record) {
    for (const StatementTotal& total : record.totals) {
      left_[total.currency] = {total, total.amount.value << total.fraction_bits};
    }
  }

  absl::Status Add(const StatementLine& line, std::size_t i) {
    const auto found = left_.find(line.currency);
    if (found == left_.end()) return WrongLine(i, line.currency, "a currency of the totals");
    auto& [total, earned] = found->second;
    TRIBUTARY_RETURN_IF_ERROR(CheckLine(line, i, static_cast<unsigned>(total.fraction_bits)));
    const bool fits = TakeOff(line.opening_carry, &total.opening_carry) &&
                      TakeOff(line.opening_debt, &total.opening_debt) &&
                      TakeOff(line.earned, &earned) &&
                      TakeOff(line.adjusted_up, &total.adjusted_up) &&
                      TakeOff(line.adjusted_down, &total.adjusted_down) &&
                      TakeOff(line.paid.value, &total.paid.value) &&
                      TakeOff(line.released.value, &total.released.value) &&
                      TakeOff(line.carry, &total.carry) && TakeOff(line.debt, &total.debt);
    if (!fits) return OtherSum(line.currency);
    tree_.Append(LeafHash(EncodeStatementLine(line)));
    return absl::OkStatus();
  }

  absl::Status Finish() const {
    if (tree_.size() != record_.line_count || tree_.Root() != record_.lines_root) {
      return InvalidField("lines_root", StrCat(tree_.size(), " lines under ", tree_.Root().ToHex()),
                          StrCat(record_.line_count, " lines under ", record_.lines_root.ToHex()));
    }
    for (const auto& [currency, left] : left_) {
      const StatementTotal& total = left.total;
      const Uint128 any = total.opening_carry | total.opening_debt | total.adjusted_up |
                          total.adjusted_down | total.paid.value | total.released.value |
                          total.carry | total.debt | left.earned;
      if (any != 0) return OtherSum(currency);
    }
    return absl::OkStatus();
  }

 private:
  struct Left {
    StatementTotal total;
    Grains earned = 0;
  };

  static absl::Status OtherSum(std::string_view currency) {
    return InvalidField("totals", StrCat("lines of ", currency, " with another sum"),
                        "the figures of the record");
  }

  const StatementRecord& record_;
  std::map<std::string, Left, std::less<>> left_;
  TreeFrontier tree_;
};

}  // namespace

bool IsPaidOut(std::string_view payee) { return payee.starts_with(kPartyPrefix); }

std::string HoldKey(const Digest& hold) { return StrCat("hold:", hold.ToHex()); }

std::string PayeeKeyOf(const SaleLine& line, std::span<const Digest> hold_ids) {
  if (!line.hold.has_value()) return line.payee.Key();
  TRIBUTARY_CHECK(*line.hold < hold_ids.size());
  return HoldKey(hold_ids[*line.hold]);
}

std::string EncodeStatementLine(const StatementLine& line) {
  // Written out by hand, since statements have millions of lines; a test holds it to the canonical
  // form.
  std::string bytes = R"({"adjusted_down":")";
  StrAppend(&bytes, ToDecimal(line.adjusted_down), R"(","adjusted_up":")",
            ToDecimal(line.adjusted_up), R"(","carry":")", ToDecimal(line.carry),
            R"(","currency":)");
  AppendJsonString(line.currency, &bytes);
  StrAppend(&bytes, R"(,"debt":")", ToDecimal(line.debt), R"(","earned":")", ToDecimal(line.earned),
            R"(","opening_carry":")", ToDecimal(line.opening_carry), R"(","opening_debt":")",
            ToDecimal(line.opening_debt), R"(","paid":")");
  StrAppend(&bytes, ToDecimal(line.paid.value), R"(","payee":)");
  AppendJsonString(line.payee, &bytes);
  StrAppend(&bytes, R"(,"released":")", ToDecimal(line.released.value), R"("})");
  return bytes;
}

absl::StatusOr<StatementLine> DecodeStatementLine(std::string_view bytes) {
  TRIBUTARY_ASSIGN_OR_RETURN(const JsonValue json, ParseCanonicalJson(bytes));
  if (json.AsObject() == nullptr) return InvalidField("line", Quoted(bytes), "an object");
  LineReader in(*json.AsObject());
  StatementLine line{.payee = in.Text("payee"),
                     .currency = in.Text("currency"),
                     .opening_carry = in.Decimal("opening_carry"),
                     .opening_debt = in.Decimal("opening_debt"),
                     .earned = in.Decimal("earned"),
                     .adjusted_up = in.Decimal("adjusted_up"),
                     .adjusted_down = in.Decimal("adjusted_down"),
                     .paid = {in.Decimal("paid")},
                     .released = {in.Decimal("released")},
                     .carry = in.Decimal("carry"),
                     .debt = in.Decimal("debt")};
  if (!in.ok() || EncodeStatementLine(line) != bytes) {
    return InvalidField("line", Quoted(bytes), "the canonical bytes of a statement's line");
  }
  return line;
}

absl::Status StatementBuilder::AddCurrency(std::string_view code, unsigned fraction_bits) {
  TRIBUTARY_RETURN_IF_ERROR(CheckCurrencyCode(code));
  TRIBUTARY_RETURN_IF_ERROR(CheckFractionBits(fraction_bits));
  Currency& currency = currencies_[std::string(code)];
  if (currency.fraction_bits != 0 && currency.fraction_bits != fraction_bits) {
    return InvalidField("fraction_bits", StrCat(fraction_bits, " for ", code),
                        StrCat(currency.fraction_bits, ", as stated before"));
  }
  currency.fraction_bits = fraction_bits;
  return absl::OkStatus();
}

absl::StatusOr<StatementBuilder::Currency*> StatementBuilder::Find(std::string_view code) {
  const auto found = currencies_.find(code);
  if (found != currencies_.end()) return &found->second;
  return InvalidField("currency", Quoted(code), "a currency of this statement");
}

absl::Status StatementBuilder::AddOpening(std::string_view code, std::string_view payee,
                                          Grains carry, Grains debt) {
  TRIBUTARY_ASSIGN_OR_RETURN(Currency* const currency, Find(code));
  TRIBUTARY_RETURN_IF_ERROR(CheckPayee(payee));
  if (carry != 0 && debt != 0) {
    return InvalidField("opening", StrCat("carry and debt of ", payee), "one of them");
  }
  TRIBUTARY_RETURN_IF_ERROR(AddBounded("opening_carry", code, carry, &currency->given));
  TRIBUTARY_RETURN_IF_ERROR(AddBounded("opening_debt", code, debt, &currency->taken));
  StatementLine& line = currency->lines[std::string(payee)];
  line.opening_carry += carry;
  line.opening_debt += debt;
  return absl::OkStatus();
}

absl::Status StatementBuilder::AddSales(std::string_view code, MinorUnits amount,
                                        std::uint64_t sale_count,
                                        std::span<const Earning> earnings) {
  TRIBUTARY_ASSIGN_OR_RETURN(Currency* const currency, Find(code));
  if (amount.value > kAmountMax || amount.value >> (127 - currency->fraction_bits) != 0) {
    return FieldError(absl::StatusCode::kOutOfRange, "amount", ToDecimal(amount.value),
                      "below 2^127 grains");
  }
  const Grains placed = amount.value << currency->fraction_bits;
  WideSum earned;
  for (const Earning& earning : earnings) earned.Add(earning.grains);
  WideSum wanted;
  wanted.Add(placed);
  if (!(earned == wanted)) {
    return InvalidField("earnings", "another sum than the amount places",
                        StrCat("a sum of ", ToDecimal(placed)));
  }
  for (const Earning& earning : earnings) TRIBUTARY_RETURN_IF_ERROR(CheckPayee(earning.payee));
  TRIBUTARY_RETURN_IF_ERROR(AddBounded("amount", code, placed, &currency->given));
  for (const Earning& earning : earnings) currency->lines[earning.payee].earned += earning.grains;
  currency->amount.value += amount.value;
  currency->sale_count += sale_count;
  return absl::OkStatus();
}

absl::Status StatementBuilder::AddAdjustment(std::string_view code, std::string_view payee,
                                             Grains increase, Grains decrease) {
  TRIBUTARY_ASSIGN_OR_RETURN(Currency* const currency, Find(code));
  TRIBUTARY_RETURN_IF_ERROR(CheckPayee(payee));
  TRIBUTARY_RETURN_IF_ERROR(AddBounded("adjusted_up", code, increase, &currency->given));
  TRIBUTARY_RETURN_IF_ERROR(AddBounded("adjusted_down", code, decrease, &currency->taken));
  StatementLine& line = currency->lines[std::string(payee)];
  line.adjusted_up += increase;
  line.adjusted_down += decrease;
  return absl::OkStatus();
}

absl::StatusOr<Statement> StatementBuilder::Close() && {
  Statement statement;
  for (auto& [code, currency] : currencies_) {
    StatementTotal total;
    total.currency = code;
    total.fraction_bits = currency.fraction_bits;
    total.sale_count = currency.sale_count;
    total.amount = currency.amount;
    const auto first = static_cast<std::ptrdiff_t>(statement.lines.size());
    for (auto& [payee, line] : currency.lines) {
      if (IsEmpty(line)) continue;
      line.payee = payee;
      line.currency = code;
      CloseLine(line.opening_carry + line.earned + line.adjusted_up,
                line.opening_debt + line.adjusted_down, currency.fraction_bits, &line);
      if (!AddsUp(line, currency.fraction_bits)) {
        return absl::InternalError(StrCat("a statement lost or made grains of ", payee));
      }
      AddTo(line, &total);
      statement.lines.push_back(std::move(line));
    }
    currency.lines = {};
    std::sort(statement.lines.begin() + first, statement.lines.end(), Precedes);
    statement.totals.push_back(std::move(total));
  }
  TreeFrontier tree;
  for (const StatementLine& line : statement.lines)
    tree.Append(LeafHash(EncodeStatementLine(line)));
  statement.lines_root = tree.Root();
  return statement;
}

absl::Status CheckStatementLines(const StatementRecord& record,
                                 std::span<const StatementLine> lines) {
  LineChecker checker(record);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0 && !Precedes(lines[i - 1], lines[i])) {
      return WrongLine(i, StrCat(lines[i].payee, " in ", lines[i].currency, " out of order"),
                       "ascending currency, then payee, each once");
    }
    TRIBUTARY_RETURN_IF_ERROR(checker.Add(lines[i], i));
  }
  return checker.Finish();
}

LineTree::LineTree(std::span<const std::string> line_bytes) {
  std::vector<Digest> level;
  for (const std::string& bytes : line_bytes) level.push_back(LeafHash(bytes));
  while (!level.empty()) {
    std::vector<Digest> above;
    for (std::size_t i = 1; i < level.size(); i += 2) {
      above.push_back(NodeHash(level[i - 1], level[i]));
    }
    levels_.push_back(std::move(level));
    level = std::move(above);
  }
}

absl::Status LineTree::ReadSubtrees(std::span<const SubtreeId> ids,
                                    std::vector<Digest>* roots) const {
  roots->clear();
  for (const SubtreeId& id : ids) {
    if (id.level >= levels_.size() || id.index >= levels_[id.level].size()) {
      return absl::InternalError("a proof asked for a subtree that the lines do not fill");
    }
    roots->push_back(levels_[id.level][id.index]);
  }
  return absl::OkStatus();
}

absl::StatusOr<MinorUnits> PayableUnits(MinorUnits paid, MinorUnits paid_out, Grains debt,
                                        unsigned fraction_bits) {
  TRIBUTARY_RETURN_IF_ERROR(CheckFractionBits(fraction_bits));
  if (paid_out.value > paid.value) {
    return InvalidField("paid_out", ToDecimal(paid_out.value),
                        StrCat("at most what was paid: ", ToDecimal(paid.value)));
  }
  const Grains unit_mask = (Grains{1} << fraction_bits) - 1;
  const Uint128 owed = (debt >> fraction_bits) + ((debt & unit_mask) != 0 ? 1 : 0);
  const Uint128 open = paid.value - paid_out.value;
  return MinorUnits{open - std::min(open, owed)};
}

}  // namespace tributary
