// What handlers of statements and adjustments share.

#pragma once

#include <utility>

#include "graph/settlement/close.h"
#include "server/env.h"
#include "server/handlers/settle_limits.h"
#include "server/handlers/settle_list.h"
#include "server/handlers/walk_limits.h"
#include "server/settlement_routes.h"
#include "tributary/v1/settlement_service.pb.h"

namespace tributary::server {

// `env` outlives the options.
inline CloseOptions CloseOptionsOf(const Env& env) {
  CloseOptions options;
  options.routes = [&env](const SettlementReader& reader) {
    return ReadEarnerRoutes(reader, &env.cancel);
  };
  options.limits = CloseLimitsOf(env.limits);
  options.cancel = &env.cancel;
  return options;
}

// With limits of the walk named as operators know them.
template <typename T>
absl::StatusOr<T> InServerWords(absl::StatusOr<T> result) {
  if (result.ok()) return result;
  return WalkError(result.status());
}

// The statement that a request names by number or record id, else the newest. Errors: kNotFound.
template <typename Request>
absl::StatusOr<StoredRecord> FindStatementOf(const LedgerView& view, const Request& request) {
  if (request.which_case() == Request::kRecordId) {
    return RequireRecord<StatementRecord>(view, request.record_id(), "record_id", "a statement");
  }
  if (request.which_case() == Request::kNumber) {
    StatementRecord probe;
    probe.number = request.number();
    return RequireInForce(view, probe, "number", StrCat(request.number()),
                          "the number of a statement");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(
      const std::uint64_t count,
      view.CountRecordsBefore(kRecordTypeOf<StatementRecord>, LogPosition{UINT64_MAX}));
  if (count == 0) {
    return FieldError(absl::StatusCode::kNotFound, "number", "no statement",
                      "a ledger with a closed statement");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto positions,
                             view.ListRecords(kRecordTypeOf<StatementRecord>, count - 1, 1));
  return view.ReadRecord(positions.at(0));
}

inline absl::Status FillStatement(const StoredRecord& record, v1::StatementView* message) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, BodyOf<StatementRecord>(record));
  ToProto(statement, message->mutable_statement());
  ToProto(record, message->mutable_record());
  return absl::OkStatus();
}

inline absl::Status FillAdjustment(const SettlementView& reader, const StoredRecord& record,
                                   v1::AdjustmentView* message) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto adjustment, BodyOf<AdjustmentRecord>(record));
  ToProto(adjustment, message->mutable_adjustment());
  ToProto(record, message->mutable_record());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, reader.FindRecord(adjustment.statement));
  if (statement.has_value()) {
    message->set_statement_number(std::get<StatementRecord>(statement->record.body).number);
  }
  if (adjustment.mode == AdjustmentMode::kProspective) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto posted, StatementOf(reader, record.position));
  if (posted.has_value()) {
    message->set_posted_number(std::get<StatementRecord>(posted->record.body).number);
  }
  return absl::OkStatus();
}

}  // namespace tributary::server
