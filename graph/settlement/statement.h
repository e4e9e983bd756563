// Closes sales into statements: what each payee is paid in whole minor units, and what is carried.
//
// docs/formats/statements.md has the bytes of the lines.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/merkle/merkle.h"
#include "graph/model/money.h"
#include "graph/model/record.h"
#include "graph/settlement/policy.h"

namespace tributary {

// Name and version of these rules, as a statement's record states them. Raised whenever the same
// records can give other grains: what older ones gave can then no longer be computed, and
// VerifyStatement says so (docs/decisions/0023). Since v2 role floors are measured by reach (0009).
inline constexpr std::string_view kSettlementAlgorithm = "tributary/settlement/v2";

inline constexpr std::size_t kPayeeKeySizeMax = 320;  // of the longest: party:<id>

// Whether money on the line of this payee key is paid out. All others hold it: `hold:<record id>`,
// `unattributed`, `unclaimed:<asset id>`, `undisclosed:<asset id>`.
bool IsPaidOut(std::string_view payee);

// The payee key of a hold's line.
std::string HoldKey(const Digest& hold);

// The payee key of a line of a sale: its hold's, where it is held. hold_ids[i] is the record id of
// hold i of those given to SplitSale.
std::string PayeeKeyOf(const SaleLine& line, std::span<const Digest> hold_ids);

// One payee in one currency. All but paid and released are grains; exactly
//   opening_carry - opening_debt + earned + adjusted_up - adjusted_down
//     = (paid - released) * 2^s + carry - debt
struct StatementLine {
  std::string payee = {};
  std::string currency = {};
  Grains opening_carry = 0;
  Grains opening_debt = 0;
  Grains earned = 0;
  Grains adjusted_up = 0;
  Grains adjusted_down = 0;
  MinorUnits paid = {};
  MinorUnits released = {};  // of lines that are not paid out only
  Grains carry = 0;          // below one minor unit
  Grains debt = 0;           // of lines that are paid out only; then paid and carry are 0
  friend bool operator==(const StatementLine&, const StatementLine&) = default;
};

// Canonical bytes, the leaf data under a statement's lines_root.
std::string EncodeStatementLine(const StatementLine& line);
// The inverse. Errors: kInvalidArgument, other bytes than EncodeStatementLine writes.
absl::StatusOr<StatementLine> DecodeStatementLine(std::string_view bytes);

struct Statement {
  std::vector<StatementLine> lines;    // ascending currency, then payee; none is all zeros
  std::vector<StatementTotal> totals;  // ascending currency; SortLists orders them for the record
  Digest lines_root;
};

// Adds up openings, sales and adjustments, in any order, and closes them once.
//
// Bounds: per currency, openings and sales and increases stay below 2^127 grains together, and
//         opening debts and decreases likewise (kOutOfRange beyond; what was added before stays).
class StatementBuilder {
 public:
  // Errors: kInvalidArgument, the code is there already with other fraction bits, or the bits are
  // not 1..64. A currency needs no sale to be in the totals.
  absl::Status AddCurrency(std::string_view code, unsigned fraction_bits);

  // What the statement before left to a payee: its carry and debt, one of them 0.
  absl::Status AddOpening(std::string_view currency, std::string_view payee, Grains carry,
                          Grains debt);

  // Sales of `amount` together. Errors: kInvalidArgument, the grains do not add up to amount * 2^s.
  struct Earning {
    std::string payee;
    Grains grains = 0;
  };
  absl::Status AddSales(std::string_view currency, MinorUnits amount, std::uint64_t sale_count,
                        std::span<const Earning> earnings);

  // Differences of an adjustment. One of them is 0.
  absl::Status AddAdjustment(std::string_view currency, std::string_view payee, Grains increase,
                             Grains decrease);

  // Rule:   with b the balance (left side above): a line that is paid out gets
  //         paid = floor(b / 2^s), carry = b mod 2^s if b >= 0, else debt = -b. One that holds gets
  //         floor(b / 2^s) as paid or, below zero, as released, and carry = b - that * 2^s.
  // Errors: kInternal, the figures do not add up. Cost: O(L log L) for L lines.
  absl::StatusOr<Statement> Close() &&;

 private:
  struct Currency {
    unsigned fraction_bits = 0;
    std::uint64_t sale_count = 0;
    MinorUnits amount;
    Grains given = 0;                                       // openings, sales and increases
    Grains taken = 0;                                       // opening debts and decreases
    absl::flat_hash_map<std::string, StatementLine> lines;  // by payee; names left empty
  };

  absl::StatusOr<Currency*> Find(std::string_view code);

  std::map<std::string, Currency, std::less<>> currencies_;
};

// Checks lines against the record of their statement: each line's figures, their order, count and
// root, and that they add up to the totals. What a stranger checks who has them all.
// Errors: kInvalidArgument names what does not hold.
absl::Status CheckStatementLines(const StatementRecord& record,
                                 std::span<const StatementLine> lines);

// The tree over lines, for proofs: InclusionProof(tree, index, tree.size()).
class LineTree : public SubtreeReader {
 public:
  explicit LineTree(std::span<const std::string> line_bytes);

  std::uint64_t size() const { return levels_.empty() ? 0 : levels_.front().size(); }
  absl::Status ReadSubtrees(std::span<const SubtreeId> ids,
                            std::vector<Digest>* roots) const override;

 private:
  std::vector<std::vector<Digest>> levels_;  // full subtrees of 2^level leaves
};

// Whole minor units that may be paid out: what statements and adjustments paid, less what payouts
// took, less the newest debt rounded up. 0 where that is negative.
// Errors: kInvalidArgument, fraction bits that are not 1..64; payouts above what was paid.
absl::StatusOr<MinorUnits> PayableUnits(MinorUnits paid, MinorUnits paid_out, Grains debt,
                                        unsigned fraction_bits);

}  // namespace tributary
