#include "graph/signature/in_toto.h"

#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/model/vocabulary.h"

namespace tributary {
namespace {

constexpr ForeignJsonLimits kStatementLimits = {.depth_max = 32,
                                                .value_count_max = std::size_t{1} << 16};

// The string under `key`; empty where there is none.
absl::StatusOr<std::string> TextAt(const ForeignJson& object, std::string_view key,
                                   std::string_view field, std::size_t size_max) {
  const ForeignJson* value = object.Find(key);
  if (value == nullptr) return std::string();
  const std::string* text = value->AsString();
  if (text == nullptr) return InvalidField(field, "no string", "a string");
  if (text->size() > size_max) {
    return InvalidField(field, StrCat(text->size(), " bytes"), StrCat("at most ", size_max));
  }
  return *text;
}

absl::StatusOr<InTotoSubject> ReadSubject(const ForeignJson& value, std::size_t index) {
  const std::string field = StrCat("subject[", index, "]");
  if (value.AsObject() == nullptr) return InvalidField(field, "no object", "an object");
  InTotoSubject subject;
  TRIBUTARY_ASSIGN_OR_RETURN(subject.name,
                             TextAt(value, "name", StrCat(field, ".name"), kLongTextSizeMax));
  const ForeignJson* digests = value.Find("digest");
  const ForeignJson* sha256 = digests == nullptr ? nullptr : digests->Find("sha256");
  if (sha256 == nullptr || sha256->AsString() == nullptr) {
    return InvalidField(StrCat(field, ".digest.sha256"), "nothing", "64 lowercase hex digits");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(subject.sha256,
                             Digest::FromHex(*sha256->AsString(), StrCat(field, ".digest.sha256")));
  return subject;
}

}  // namespace

absl::StatusOr<InTotoStatement> ParseInTotoStatement(std::string_view payload) {
  TRIBUTARY_ASSIGN_OR_RETURN(const ForeignJson value, ParseForeignJson(payload, kStatementLimits));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string type,
                             TextAt(value, "_type", "_type", kShortTextSizeMax));
  if (type != kInTotoStatementType) {
    return InvalidField("_type", Quoted(type), kInTotoStatementType);
  }
  InTotoStatement statement;
  const ForeignJson* subjects = value.Find("subject");
  const ForeignJson::List* list = subjects == nullptr ? nullptr : subjects->AsList();
  if (list == nullptr || list->empty() || list->size() > kInTotoSubjectCountMax) {
    return InvalidField("subject", list == nullptr ? "no list" : StrCat(list->size(), " of them"),
                        StrCat("a list of 1 to ", kInTotoSubjectCountMax));
  }
  for (const ForeignJson& item : *list) {
    TRIBUTARY_ASSIGN_OR_RETURN(InTotoSubject subject, ReadSubject(item, statement.subjects.size()));
    statement.subjects.push_back(std::move(subject));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(statement.predicate_type,
                             TextAt(value, "predicateType", "predicateType", kShortTextSizeMax));
  if (statement.predicate_type.empty()) {
    return InvalidField("predicateType", "nothing", "a URI");
  }
  if (const ForeignJson* predicate = value.Find("predicate"); predicate != nullptr) {
    if (predicate->AsObject() == nullptr) {
      return InvalidField("predicate", "no object", "an object");
    }
    statement.predicate = *predicate->AsObject();
  }
  return statement;
}

}  // namespace tributary
