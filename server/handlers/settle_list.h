// Pages over the records of one type, and what answers about such records share.

#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "graph/model/record_type.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/scalars.h"
#include "server/convert/settlement.h"
#include "server/handlers/page.h"
#include "server/settlement_view.h"

namespace tributary::server {

// Candidates looked at for one page: a filter that few records pass then gives short pages instead
// of one slow one. And bytes of one page, as records may be large.
inline constexpr std::size_t kRecordCandidateCountMax = 20'000;
inline constexpr std::size_t kRecordCandidateBatch = 32;  // of 2 MiB at most each
inline constexpr std::size_t kRecordPageBytesMax = 2u << 20;

// Lists one record, or passes over it: the bytes that it added to the answer, 0 for none.
using ListRecord = absl::FunctionRef<absl::StatusOr<std::size_t>(const StoredRecord&)>;

// The indices of records of a type that a list goes through.
struct RecordRange {
  std::uint64_t begin = 0;
  std::uint64_t end = UINT64_MAX;
};

// Lists records of a type from the page's cursor on. The token of the next page, empty on the last.
inline absl::StatusOr<std::string> ListRecordPage(Env& env, const Page& page, RecordType type,
                                                  RecordRange range, std::size_t count_max,
                                                  ListRecord list) {
  std::uint64_t next = std::max(NumberIn(page.cursor).value_or(range.begin), range.begin);
  std::size_t listed_count = 0;
  std::size_t byte_count = 0;
  const std::uint64_t looked_end = std::min(range.end, next + kRecordCandidateCountMax);
  while (next < looked_end) {
    TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    const auto batch_count =
        static_cast<std::size_t>(std::min<std::uint64_t>(kRecordCandidateBatch, looked_end - next));
    TRIBUTARY_ASSIGN_OR_RETURN(const auto positions,
                               page.view->ListRecords(type, next, batch_count));
    if (positions.empty()) return std::string();
    TRIBUTARY_ASSIGN_OR_RETURN(const auto records, page.view->ReadRecords(positions));
    for (const StoredRecord& record : records) {
      if (listed_count == count_max || byte_count >= kRecordPageBytesMax) {
        return page.TokenFor(BigEndian64(next));
      }
      TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t added, list(record));
      byte_count += added;
      listed_count += added == 0 ? 0 : 1;
      ++next;
    }
  }
  return next >= range.end ? std::string() : page.TokenFor(BigEndian64(next));
}

// The page of a request of which every record is listed, or passed over, by `list`.
template <typename Request>
absl::StatusOr<std::size_t> PageSizeOf(const Env& env, const Request& request) {
  return PageSize(request.page_size(), env.limits.page_size_default, env.limits.page_size_max,
                  "page_size_max");
}

inline void ToProto(const LoggedRecord& record, v1::RecordRef* ref) {
  ref->set_record_id(ToProto(record.id));
  ref->set_position(record.position.value);
  ref->set_accepted_ms(ToProto(record.accepted_time));
}

// The record of this type with the id in a request. Errors: kInvalidArgument, kNotFound by `field`.
template <typename Body>
absl::StatusOr<StoredRecord> RequireRecord(const LedgerView& view, std::string_view id_bytes,
                                           std::string_view field, std::string_view what) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest id, DigestFromProto(id_bytes, field));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto position, view.FindRecord(id));
  if (position.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(StoredRecord record, view.ReadRecord(*position));
    if (std::holds_alternative<Body>(record.record.body)) return record;
  }
  return FieldError(
      absl::StatusCode::kNotFound, field, id.ToHex(),
      StrCat("the record id of ", what, " recorded at tree size ", view.tree_size().value));
}

// The record in force under the identity of `probe`. Errors: kNotFound by `field`.
inline absl::StatusOr<StoredRecord> RequireInForce(const LedgerView& view, const RecordBody& probe,
                                                   std::string_view field, std::string_view found,
                                                   std::string_view what) {
  TRIBUTARY_ASSIGN_OR_RETURN(auto record, view.FindInForce(probe));
  if (record.has_value()) return *std::move(record);
  return FieldError(absl::StatusCode::kNotFound, field, Quoted(found),
                    StrCat(what, " recorded at tree size ", view.tree_size().value));
}

// The currency's record. Errors: kNotFound by `field`.
inline absl::StatusOr<CurrencyRecord> RequireCurrency(const LedgerView& view,
                                                      const std::string& code,
                                                      std::string_view field) {
  CurrencyRecord probe;
  probe.code = code;
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record,
                             RequireInForce(view, probe, field, code, "the code of a currency"));
  return BodyOf<CurrencyRecord>(record);
}

}  // namespace tributary::server
