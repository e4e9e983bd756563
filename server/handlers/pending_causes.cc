// ListPendingCauses: what came after closed statements and waits for a ruling.

#include "graph/settlement/pending_causes.h"

#include "server/handlers/statement.h"
#include "server/handlers/statement_parts.h"

namespace tributary::server {
namespace {

// Statements that one page looks at, each of which costs a collection.
constexpr std::uint64_t kPendingStatementCountMax = 16;

// Where a page begins: at a cause of a statement.
struct PendingCursor {
  std::uint64_t number = 1;
  std::uint64_t index = 0;  // of the cause, among those of the statement

  std::string Bytes() const { return BigEndian64(number) + BigEndian64(index); }
};

PendingCursor CursorOf(const std::string& bytes, std::uint64_t first) {
  constexpr std::size_t kSize = sizeof(std::uint64_t);
  if (bytes.size() != 2 * kSize) return {first, 0};
  return {ReadBigEndian64(bytes.substr(0, kSize)), ReadBigEndian64(bytes.substr(kSize))};
}

}  // namespace

absl::Status ListPendingCauses(Env& env, const v1::ListPendingCausesRequest& request,
                               v1::ListPendingCausesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Page page, OpenPage(env, request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t page_size, PageSizeOf(env, request));
  const SettlementView reader(page.view);
  response->set_tree_size(page.view->tree_size().value);
  TRIBUTARY_ASSIGN_OR_RETURN(std::uint64_t last,
                             page.view->CountRecordsBefore(kRecordTypeOf<StatementRecord>,
                                                           {page.view->tree_size().value}));
  if (request.has_statement_number()) {
    if (request.statement_number() == 0 || request.statement_number() > last) {
      return FieldError(
          absl::StatusCode::kNotFound, "statement_number", StrCat(request.statement_number()),
          StrCat("1 to ", last, ", the statements at tree size ", page.view->tree_size().value));
    }
    last = request.statement_number();
  }
  PendingCursor cursor =
      CursorOf(page.cursor, request.has_statement_number() ? request.statement_number() : 1);
  const std::uint64_t looked_end = cursor.number + kPendingStatementCountMax;
  for (; cursor.number <= last; ++cursor.number, cursor.index = 0) {
    const bool is_full = static_cast<std::size_t>(response->causes_size()) == page_size;
    if (is_full || cursor.number == looked_end) break;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, FindStatement(reader, cursor.number));
    if (!statement.has_value()) return absl::DataLossError("the chain of statements has a gap");
    TRIBUTARY_ASSIGN_OR_RETURN(
        const std::vector<LoggedRecord> causes,
        InServerWords(PendingCauses(reader, *statement, CloseOptionsOf(env))));
    for (; cursor.index < causes.size(); ++cursor.index) {
      if (static_cast<std::size_t>(response->causes_size()) == page_size) break;
      const LoggedRecord& cause = causes[cursor.index];
      v1::PendingCause* message = response->add_causes();
      message->set_statement_number(cursor.number);
      message->set_statement(ToProto(statement->id));
      ToProto(cause, message->mutable_record());
      message->set_type(std::string(TypeName(cause.record.body)));
    }
    if (cursor.index < causes.size()) break;
  }
  if (cursor.number <= last) response->set_next_page_token(page.TokenFor(cursor.Bytes()));
  return absl::OkStatus();
}

}  // namespace tributary::server
