// Stores of older formats: what each step to the next one changes.

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_impl.h"

namespace tributary {
namespace {

// 1 to 2: the head says how many types of records it counts. No ledger of version 1 holds a record
// of the types that version 2 adds, so there is no list of such records to be made.
absl::Status FromVersion1(const Snapshot& snapshot, WriteBatch* batch) {
  const OwnedKey key = keys::Head();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadPayload(snapshot, key));
  if (!payload.has_value()) return MissingRow(key);
  TRIBUTARY_ASSIGN_OR_RETURN(const HeadRow head, Decoded(DecodeHeadV1(*payload), key));
  batch->Expect(key.family, key.row, key.column, Seal(key.view(), *payload));
  PutRow(key, EncodeHead(head), batch);
  return absl::OkStatus();
}

}  // namespace

absl::Status UpgradeFormat(std::uint64_t version, const Snapshot& snapshot, Store* store) {
  static_assert(kStoreFormatVersion == 2);
  if (version != 1) return DamagedRow(keys::Format().view(), StrCat("version ", version));
  WriteBatch batch;
  TRIBUTARY_RETURN_IF_ERROR(FromVersion1(snapshot, &batch));
  PutRow(keys::Format(), EncodePosition(2), &batch);
  return store->Commit(batch);
}

}  // namespace tributary
