#include "graph/settlement/verify_statement.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/model/status.h"
#include "graph/model/uint128.h"

namespace tributary {
namespace {

// Errors by which what is stored contradicts itself, rather than keeps from being looked at.
bool IsContradiction(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInvalidArgument:  // a sale that its policy does not fit, a line
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kInternal:  // figures that do not add up
      return true;
    default:
      return false;
  }
}

// The first figure in which two lines of one payee and currency differ, with both.
std::string FigureThatDiffers(const StatementLine& stored, const StatementLine& computed) {
  const std::pair<std::string_view, Uint128 (*)(const StatementLine&)> figures[] = {
      {"opening_carry", [](const StatementLine& line) { return line.opening_carry; }},
      {"opening_debt", [](const StatementLine& line) { return line.opening_debt; }},
      {"earned", [](const StatementLine& line) { return line.earned; }},
      {"adjusted_up", [](const StatementLine& line) { return line.adjusted_up; }},
      {"adjusted_down", [](const StatementLine& line) { return line.adjusted_down; }},
      {"paid", [](const StatementLine& line) { return line.paid.value; }},
      {"released", [](const StatementLine& line) { return line.released.value; }},
      {"carry", [](const StatementLine& line) { return line.carry; }},
      {"debt", [](const StatementLine& line) { return line.debt; }},
  };
  for (const auto& [name, of] : figures) {
    if (of(stored) == of(computed)) continue;
    return StrCat(name, " ", ToDecimal(of(stored)), "; computed: ", ToDecimal(of(computed)));
  }
  return "other bytes of the same figures";
}

std::string NameLine(const std::optional<StatementLine>& line) {
  return line ? StrCat(line->payee, " in ", line->currency) : std::string("none");
}

// `stored` is null where there is none at the index, as is `computed`.
LineDifference DifferenceAt(std::uint64_t index, const std::string* stored,
                            const std::string* computed, std::string* problem) {
  LineDifference difference{.index = index};
  if (stored != nullptr) {
    if (auto line = DecodeStatementLine(*stored); line.ok()) {
      difference.stored = *std::move(line);
    } else {
      *problem =
          StrCat("line ", index, ": stored bytes are no line: ", FromAbsl(line.status().message()));
    }
  }
  if (computed != nullptr) {
    if (auto line = DecodeStatementLine(*computed); line.ok()) {
      difference.computed = *std::move(line);
    }
  }
  if (!problem->empty()) return difference;
  const auto& [at, ours, theirs] = difference;
  if (ours && theirs && ours->payee == theirs->payee && ours->currency == theirs->currency) {
    *problem = StrCat("line ", index, ", ", NameLine(ours),
                      ": stored: ", FigureThatDiffers(*ours, *theirs));
  } else {
    *problem =
        StrCat("line ", index, ": stored: ", NameLine(ours), "; computed: ", NameLine(theirs));
  }
  return difference;
}

// Empty: all but the algorithm is the same.
std::string FieldThatDiffers(const StatementRecord& stored, const StatementRecord& computed) {
  const auto numbers = [](std::string_view field, std::uint64_t a, std::uint64_t b) {
    return StrCat("record: ", field, ": stored: ", a, "; computed: ", b);
  };
  if (stored.number != computed.number) return numbers("number", stored.number, computed.number);
  if (stored.begin != computed.begin) return numbers("begin", stored.begin, computed.begin);
  if (stored.line_count != computed.line_count) {
    return numbers("line_count", stored.line_count, computed.line_count);
  }
  if (stored.lines_root != computed.lines_root) {
    return StrCat("record: lines_root: stored: ", stored.lines_root.ToHex(),
                  "; computed: ", computed.lines_root.ToHex());
  }
  if (!(stored.totals == computed.totals)) return "record: totals are not those of the lines";
  return stored == computed ? std::string() : "record: another one is computed";
}

}  // namespace

absl::StatusOr<StatementVerdict> VerifyStatement(const SettlementReader& reader,
                                                 const LoggedRecord& statement,
                                                 const CloseOptions& options) {
  const auto* stored = std::get_if<StatementRecord>(&statement.record.body);
  if (stored == nullptr) return InvalidField("statement", statement.id.ToHex(), "a statement");
  const bool is_ours = stored->algorithm == kSettlementAlgorithm;
  StatementVerdict verdict;
  const auto differs = [&](std::string problem) {
    verdict.outcome = is_ours ? StatementOutcome::kDifferent : StatementOutcome::kOtherAlgorithm;
    verdict.problem = std::move(problem);
  };
  absl::StatusOr<ClosedStatement> closed = CloseAgain(reader, statement, options);
  if (!closed.ok()) {
    if (!IsContradiction(closed.status())) return closed.status();
    differs(StrCat("it can not be computed: ", FromAbsl(closed.status().message())));
    // No algorithm excuses what can not be read.
    if (absl::IsDataLoss(closed.status())) verdict.outcome = StatementOutcome::kDifferent;
    return verdict;
  }
  verdict.computed_root = closed->record.lines_root;
  const std::vector<std::string>& computed = closed->lines;
  std::uint64_t index = 0;
  std::string problem;
  const absl::Status read =
      ForEachLine(reader, statement.position, options.cancel, [&](const std::string& bytes) {
        const std::string* const ours = index < computed.size() ? &computed[index] : nullptr;
        if (!verdict.difference && (ours == nullptr || *ours != bytes)) {
          verdict.difference = DifferenceAt(index, &bytes, ours, &problem);
        }
        ++index;
        return absl::OkStatus();
      });
  if (!read.ok()) {
    if (!IsContradiction(read)) return read;
    verdict.outcome = StatementOutcome::kDifferent;
    verdict.problem = StrCat("its lines can not be read: ", FromAbsl(read.message()));
    return verdict;
  }
  if (!verdict.difference && index < computed.size()) {
    verdict.difference = DifferenceAt(index, nullptr, &computed[index], &problem);
  }
  if (problem.empty()) {
    closed->record.algorithm = stored->algorithm;
    problem = FieldThatDiffers(*stored, closed->record);
  }
  if (!problem.empty()) differs(std::move(problem));
  return verdict;
}

}  // namespace tributary
