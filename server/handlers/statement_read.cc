// Statements and adjustments as the log holds them, and their lines.

#include <algorithm>
#include <optional>
#include <utility>

#include "graph/settlement/adjustment.h"
#include "graph/settlement/close.h"
#include "graph/settlement/statement_lines.h"
#include "server/handlers/line_proofs.h"
#include "server/handlers/settle_list.h"
#include "server/handlers/statement.h"
#include "server/handlers/statement_parts.h"

namespace tributary::server {
namespace {

// Lines decoded at a time, and looked at for one page.
constexpr std::size_t kLineBatch = 1'024;
constexpr std::size_t kLineCandidateCountMax = 200'000;
constexpr std::uint32_t kProvenPageSizeMax = 1'000;

// The name of whom a payee key is about; empty where it has none.
absl::StatusOr<std::string> NameOfPayee(const LedgerView& view, std::string_view payee) {
  const std::size_t colon = payee.find(':');
  if (colon == std::string_view::npos) return std::string();
  const std::string_view id = payee.substr(colon + 1);
  if (payee.substr(0, colon) == "party") {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto record, view.FindParty(id));
    if (!record.has_value()) return std::string();
    TRIBUTARY_ASSIGN_OR_RETURN(PartyRecord party, BodyOf<PartyRecord>(*record));
    return std::move(party.name);
  }
  if (payee.substr(0, colon) == "hold") return std::string();
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest asset_id, Digest::FromHex(id, "payee"));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, view.FindAsset(asset_id));
  if (!asset.has_value()) return std::string();
  TRIBUTARY_ASSIGN_OR_RETURN(auto labels, ReadLabels(view, std::span(&*asset, 1)));
  return std::move(labels.front().name);
}

// The index of the first line at or after (currency, payee) of a statement.
absl::StatusOr<std::uint64_t> LowerBoundLine(const LedgerView& view, LogPosition record,
                                             std::uint64_t line_count, std::string_view currency,
                                             std::string_view payee) {
  std::uint64_t low = 0;
  std::uint64_t high = line_count;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto lines, view.ReadLines(record, middle, 1));
    if (lines.empty()) return absl::DataLossError("a statement's line is missing");
    TRIBUTARY_ASSIGN_OR_RETURN(const StatementLine line, DecodeStatementLine(lines.front()));
    if (LineKey{line.currency, line.payee} < LineKey{currency, payee}) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

struct LinePage {
  std::size_t listed_count = 0;
  std::optional<std::uint64_t> next;  // index of the line that the next page begins at
};

// Goes through the lines of a record from `first` on. `list` says whether it took the line.
absl::StatusOr<LinePage> ListLines(
    Env& env, const LedgerView& view, LogPosition record, std::uint64_t first, std::uint64_t end,
    std::size_t count_max,
    absl::FunctionRef<absl::StatusOr<bool>(std::uint64_t index, const std::string& bytes)> list) {
  LinePage page;
  std::uint64_t index = first;
  std::size_t byte_count = 0;
  const std::uint64_t looked_end = std::min(end, first + kLineCandidateCountMax);
  while (index < looked_end) {
    TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    const auto batch =
        static_cast<std::size_t>(std::min<std::uint64_t>(kLineBatch, looked_end - index));
    TRIBUTARY_ASSIGN_OR_RETURN(const auto lines, view.ReadLines(record, index, batch));
    if (lines.empty()) return page;
    for (const std::string& line : lines) {
      if (page.listed_count == count_max || byte_count >= kRecordPageBytesMax) {
        page.next = index;
        return page;
      }
      TRIBUTARY_ASSIGN_OR_RETURN(const bool listed, list(index, line));
      if (listed) {
        ++page.listed_count;
        byte_count += line.size();
      }
      ++index;
    }
  }
  if (index < end) page.next = index;
  return page;
}

using LineRange = std::pair<std::uint64_t, std::uint64_t>;  // indices [first, second)

// Where the lines that a request asks for stand, in ascending order.
absl::StatusOr<std::vector<LineRange>> RangesOf(const LedgerView& view, LogPosition record,
                                                const StatementRecord& statement,
                                                const v1::ListStatementLinesRequest& request) {
  std::vector<LineRange> ranges;
  const std::string& payee = request.payee();
  if (payee.empty() && request.currency().empty()) {
    ranges.emplace_back(0, statement.line_count);
    return ranges;
  }
  std::vector<std::string> currencies;
  for (const StatementTotal& total : statement.totals) {
    if (request.currency().empty() || total.currency == request.currency()) {
      currencies.push_back(total.currency);
    }
  }
  std::sort(currencies.begin(), currencies.end());
  for (const std::string& currency : currencies) {
    const auto bound = [&](std::string_view key) {
      return LowerBoundLine(view, record, statement.line_count, currency, key);
    };
    // No byte of a payee key is as large as 0x7f, so this is after all of the currency.
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t begin, bound(payee));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t end,
                               bound(payee.empty() ? "\x7f" : payee + std::string(1, '\0')));
    if (begin < end) ranges.emplace_back(begin, end);
  }
  return ranges;
}

template <typename Request>
absl::StatusOr<std::size_t> LinePageSize(const Env& env, const Request& request) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t size, PageSizeOf(env, request));
  if (!request.with_proof()) return size;
  if (request.page_size() > kProvenPageSizeMax) {
    return LimitExceeded("page_size", request.page_size(), "1000 with proofs", kProvenPageSizeMax);
  }
  return std::min<std::size_t>(size, kProvenPageSizeMax);
}

// What lines of both kinds carry beside their content.
template <typename LineMessage>
absl::Status FillProof(const std::optional<LineProofs>& proofs, std::uint64_t index,
                       const std::string& bytes, LineMessage* message) {
  message->set_index(index);
  if (!proofs.has_value()) return absl::OkStatus();
  message->set_canonical_bytes(bytes);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto path, proofs->Prove(index));
  for (const Digest& node : path) message->add_proof(ToProto(node));
  return absl::OkStatus();
}

}  // namespace

absl::Status GetStatement(Env& env, const v1::GetStatementRequest& request,
                          v1::GetStatementResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, FindStatementOf(*view, request));
  response->set_tree_size(view->tree_size().value);
  return FillStatement(record, response->mutable_statement());
}

absl::Status ListStatements(Env& env, const v1::ListStatementsRequest& request,
                            v1::ListStatementsResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, PageSizeOf(env, request));
  const auto list = [&](const StoredRecord& record) -> absl::StatusOr<std::size_t> {
    TRIBUTARY_RETURN_IF_ERROR(FillStatement(record, response->add_statements()));
    return record.bytes.size();
  };
  TRIBUTARY_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      ListRecordPage(env, page, kRecordTypeOf<StatementRecord>, {}, page_size, list));
  response->set_tree_size(page.view->tree_size().value);
  return absl::OkStatus();
}

absl::Status ListStatementLines(Env& env, const v1::ListStatementLinesRequest& request,
                                v1::ListStatementLinesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, LinePageSize(env, request));
  const LedgerView& view = *page.view;
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, FindStatementOf(view, request));
  std::optional<LineProofs> proofs;
  if (request.with_proof()) {
    TRIBUTARY_ASSIGN_OR_RETURN(proofs, LineProofs::Read(view, record.position, env.cancel));
  }
  const auto list = [&](std::uint64_t index, const std::string& bytes) -> absl::StatusOr<bool> {
    TRIBUTARY_ASSIGN_OR_RETURN(const StatementLine line, DecodeStatementLine(bytes));
    v1::StatementLineView* message = response->add_lines();
    ToProto(line, message->mutable_line());
    TRIBUTARY_RETURN_IF_ERROR(FillProof(proofs, index, bytes, message));
    if (request.describe()) {
      TRIBUTARY_ASSIGN_OR_RETURN(*message->mutable_name(), NameOfPayee(view, line.payee));
    }
    return true;
  };
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, BodyOf<StatementRecord>(record));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto ranges,
                             RangesOf(view, record.position, statement, request));
  const std::uint64_t from = NumberIn(page.cursor).value_or(0);
  std::size_t left = page_size;
  for (const auto& [begin, end] : ranges) {
    if (from >= end) continue;
    TRIBUTARY_ASSIGN_OR_RETURN(
        const LinePage listed,
        ListLines(env, view, record.position, std::max(begin, from), end, left, list));
    left -= listed.listed_count;
    if (!listed.next.has_value()) continue;
    response->set_next_page_token(page.TokenFor(BigEndian64(*listed.next)));
    break;
  }
  response->set_tree_size(view.tree_size().value);
  return FillStatement(record, response->mutable_statement());
}

absl::Status ListAdjustments(Env& env, const v1::ListAdjustmentsRequest& request,
                             v1::ListAdjustmentsResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, PageSizeOf(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement,
                             OptionalDigestFromProto(request.statement(), "statement"));
  const SettlementView reader(page.view);
  const auto list = [&](const StoredRecord& record) -> absl::StatusOr<std::size_t> {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto adjustment, BodyOf<AdjustmentRecord>(record));
    if (statement.has_value() && adjustment.statement != *statement) return std::size_t{0};
    TRIBUTARY_RETURN_IF_ERROR(FillAdjustment(reader, record, response->add_adjustments()));
    return record.bytes.size();
  };
  TRIBUTARY_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      ListRecordPage(env, page, kRecordTypeOf<AdjustmentRecord>, {}, page_size, list));
  response->set_tree_size(page.view->tree_size().value);
  return absl::OkStatus();
}

absl::Status ListAdjustmentLines(Env& env, const v1::ListAdjustmentLinesRequest& request,
                                 v1::ListAdjustmentLinesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, LinePageSize(env, request));
  const LedgerView& view = *page.view;
  TRIBUTARY_ASSIGN_OR_RETURN(
      const StoredRecord record,
      RequireRecord<AdjustmentRecord>(view, request.record_id(), "record_id", "an adjustment"));
  std::optional<LineProofs> proofs;
  if (request.with_proof()) {
    TRIBUTARY_ASSIGN_OR_RETURN(proofs, LineProofs::Read(view, record.position, env.cancel));
  }
  const auto list = [&](std::uint64_t index, const std::string& bytes) -> absl::StatusOr<bool> {
    TRIBUTARY_ASSIGN_OR_RETURN(const AdjustmentLine line, DecodeAdjustmentLine(bytes));
    if (!request.payee().empty() && line.payee != request.payee()) return false;
    v1::AdjustmentLineView* message = response->add_lines();
    ToProto(line, message->mutable_line());
    TRIBUTARY_RETURN_IF_ERROR(FillProof(proofs, index, bytes, message));
    return true;
  };
  TRIBUTARY_ASSIGN_OR_RETURN(const LinePage listed, ListLines(env, view, record.position,
                                                              NumberIn(page.cursor).value_or(0),
                                                              UINT64_MAX, page_size, list));
  if (listed.next.has_value()) {
    response->set_next_page_token(page.TokenFor(BigEndian64(*listed.next)));
  }
  response->set_tree_size(view.tree_size().value);
  return FillAdjustment(SettlementView(page.view), record, response->mutable_adjustment());
}

}  // namespace tributary::server
