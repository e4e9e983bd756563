#include "client/cli/stored_record.h"

#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

using Stub = v1::SettlementService::Stub;

std::string_view TypeOf(Versioned type) {
  return type == Versioned::kTemplate ? TypeName(TemplateRecord{}) : TypeName(PolicyRecord{});
}

absl::StatusOr<Digest> IdIn(const v1::RecordRef& ref) {
  const auto id = Digest::FromBytes(ref.record_id());
  if (!id.has_value()) return absl::DataLossError("record_id: not 32 bytes in the answer");
  return *id;
}

template <typename Request>
Request RequestFor(const std::string& ledger, const std::string& name, std::uint64_t tree_size) {
  Request request;
  request.set_ledger(ledger);
  request.set_name(name);
  SetReadPoint(tree_size, &request);
  return request;
}

absl::StatusOr<Digest> IdOfName(Session& session, Versioned type, const std::string& name,
                                std::uint64_t tree_size) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  if (type == Versioned::kTemplate) {
    TRIBUTARY_ASSIGN_OR_RETURN(
        const v1::GetTemplateResponse response,
        session.client().Call(&Stub::GetTemplate,
                              RequestFor<v1::GetTemplateRequest>(ledger, name, tree_size)));
    return IdIn(response.template_().record());
  }
  TRIBUTARY_ASSIGN_OR_RETURN(
      const v1::GetPolicyResponse response,
      session.client().Call(&Stub::GetPolicy,
                            RequestFor<v1::GetPolicyRequest>(ledger, name, tree_size)));
  return IdIn(response.policy().record());
}

}  // namespace

absl::StatusOr<StoredFact> FetchRecord(Session& session, const Digest& id,
                                       std::uint64_t tree_size) {
  v1::GetRecordRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  request.set_record_id(std::string(id.view()));
  SetReadPoint(tree_size, &request);
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetRecordResponse response,
                             session.client().Call(&v1::LineageService::Stub::GetRecord, request));
  StoredFact fact{.id = id, .bytes = response.record().canonical_bytes(), .record = {}};
  if (RecordId(fact.bytes) != id) {
    return absl::DataLossError("record: the bytes that the server sent do not have this id");
  }
  absl::StatusOr<Record> record = DecodeRecord(fact.bytes);
  if (!record.ok()) return absl::DataLossError(record.status().message());
  fact.record = *std::move(record);
  return fact;
}

absl::StatusOr<FactLine> ParseVersionFile(Versioned type, std::string_view text) {
  absl::StatusOr<FactLine> line = ParseFactLine(text);
  if (!line.ok()) return UsageError(line.status());
  const auto [stated, is_new] = line->fields.emplace("type", TypeOf(type));
  const std::string* found = stated->second.AsString();
  if (!is_new && (found == nullptr || *found != TypeOf(type))) {
    return UsageError(InvalidField("type", found == nullptr ? "another type" : Quoted(*found),
                                   StrCat(TypeOf(type), ", or none")));
  }
  return line;
}

absl::StatusOr<Digest> VersionIdOf(Session& session, Versioned type, const std::string& text,
                                   std::uint64_t tree_size) {
  if (const auto id = Digest::FromHex(text); id.ok()) return *id;
  return IdOfName(session, type, text, tree_size);
}

absl::StatusOr<StoredFact> FetchVersion(Session& session, Versioned type, const std::string& text,
                                        std::uint64_t tree_size) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest id, VersionIdOf(session, type, text, tree_size));
  TRIBUTARY_ASSIGN_OR_RETURN(StoredFact fact, FetchRecord(session, id, tree_size));
  if (TypeName(fact.record.body) == TypeOf(type)) return fact;
  return FieldError(absl::StatusCode::kFailedPrecondition, "record_id",
                    StrCat(id.ToHex(), ", a ", TypeName(fact.record.body)), TypeOf(type));
}

}  // namespace tributary::cli
