#include "storage/store.h"

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/engine_checks.h"

namespace tributary {
namespace {

absl::Status CheckRow(Family family, std::string_view row) {
  if (!row.empty() && row.size() <= kRowSizeMax) return absl::OkStatus();
  return InvalidField(StrCat("row in family ", FamilyName(family)), StrCat(row.size(), " bytes"),
                      StrCat("1..", kRowSizeMax));
}

absl::Status CheckColumn(Family family, std::string_view column) {
  if (column.size() <= kColumnSizeMax) return absl::OkStatus();
  return InvalidField(StrCat("column in family ", FamilyName(family)),
                      StrCat(column.size(), " bytes"), StrCat("0..", kColumnSizeMax));
}

absl::Status CheckValue(Family family, const std::optional<std::string>& value) {
  if (!value.has_value() || value->size() <= kValueSizeMax) return absl::OkStatus();
  return InvalidField(StrCat("value in family ", FamilyName(family)),
                      StrCat(value->size(), " bytes"), StrCat("0..", kValueSizeMax));
}

}  // namespace

std::string_view FamilyName(Family family) {
  switch (family) {
    case Family::kMeta:
      return "meta";
    case Family::kLog:
      return "log";
    case Family::kRecord:
      return "record";
    case Family::kDetails:
      return "details";
    case Family::kTree:
      return "tree";
    case Family::kAsset:
      return "asset";
    case Family::kUpstream:
      return "upstream";
    case Family::kDownstream:
      return "downstream";
    case Family::kIdentity:
      return "identity";
  }
  TRIBUTARY_CHECK(false && "a family without a name");
}

absl::Status CheckBounds(const CellKey& key) {
  TRIBUTARY_RETURN_IF_ERROR(CheckRow(key.family, key.row));
  return CheckColumn(key.family, key.column);
}

absl::Status CheckBounds(const ScanRange& range) {
  return CheckBounds(CellKey{range.family, range.row, range.start_after});
}

absl::Status CheckBounds(const WriteBatch& batch) {
  for (const WriteBatch::Operation& operation : batch.operations()) {
    TRIBUTARY_RETURN_IF_ERROR(
        CheckBounds(CellKey{operation.family, operation.row, operation.column}));
    TRIBUTARY_RETURN_IF_ERROR(CheckValue(operation.family, operation.value));
  }
  for (const WriteBatch::Precondition& precondition : batch.preconditions()) {
    TRIBUTARY_RETURN_IF_ERROR(
        CheckBounds(CellKey{precondition.family, precondition.row, precondition.column}));
  }
  return absl::OkStatus();
}

absl::Status PreconditionError(const CellKey& key) {
  return absl::AbortedError(StrCat("precondition does not hold: family ", FamilyName(key.family),
                                   ", row ", Quoted(key.row), ", column ", Quoted(key.column)));
}

}  // namespace tributary
