#include "server/convert/scalars.h"

#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary::server {

absl::StatusOr<Digest> DigestFromProto(std::string_view bytes, std::string_view field) {
  const std::optional<Digest> digest = Digest::FromBytes(bytes);
  if (!digest.has_value()) {
    return InvalidField(field, StrCat(bytes.size(), " bytes"), "32 bytes");
  }
  return *digest;
}

absl::StatusOr<std::optional<Digest>> OptionalDigestFromProto(std::string_view bytes,
                                                              std::string_view field) {
  if (bytes.empty()) return std::optional<Digest>();
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest digest, DigestFromProto(bytes, field));
  return std::optional<Digest>(digest);
}

absl::StatusOr<TimeMs> TimeFromProto(std::int64_t time_ms, std::string_view field) {
  if (time_ms < 0 || static_cast<std::uint64_t>(time_ms) > kTimeMsMax) {
    return InvalidField(field, StrCat(time_ms, " ms"),
                        StrCat("0 to ", kTimeMsMax, " ms since 1970"));
  }
  return TimeMs{static_cast<std::uint64_t>(time_ms)};
}

void AppendFixedGrains(Grains grains, std::string* out) {
  for (int shift = 120; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(static_cast<std::uint8_t>(grains >> shift)));
  }
}

void ToProto(const StoredRecord& record, v1::RecordRef* ref) {
  ref->set_record_id(ToProto(record.id));
  ref->set_position(record.position.value);
  ref->set_accepted_ms(ToProto(record.accepted_time));
}

void ToProto(const Receipt& receipt, v1::RecordReceipt* message) {
  message->set_record_id(ToProto(receipt.record_id));
  message->set_position(receipt.position.value);
  message->set_accepted_ms(ToProto(receipt.accepted_time));
  message->set_tree_size(receipt.tree_size.value);
  message->set_already_recorded(receipt.already_recorded);
}

std::string Shortened(std::string_view text, std::size_t size_max) {
  if (text.size() <= size_max) return std::string(text);
  constexpr unsigned char kContinuationMask = 0xc0;  // bytes 10xxxxxx go on a character
  while (size_max > 0 && (static_cast<unsigned char>(text[size_max]) & kContinuationMask) == 0x80) {
    --size_max;
  }
  return StrCat(text.substr(0, size_max), "…");
}

void ToProto(const absl::Status& error, std::size_t size_max, v1::ItemError* message) {
  message->set_code(static_cast<int>(error.code()));
  message->set_message(Shortened(FromAbsl(error.message()), size_max));
  message->set_field(FieldOf(error));
}

absl::Status WithPrefix(const absl::Status& status, std::string_view prefix) {
  const std::string field = FieldOf(status);
  if (status.ok() || field.empty()) return status;
  return WithField(absl::Status(status.code(), StrCat(prefix, ".", FromAbsl(status.message()))),
                   StrCat(prefix, ".", field));
}

}  // namespace tributary::server
