// Digests, times, grains and errors between the wire and the model.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/model/digest.h"
#include "graph/model/record.h"
#include "graph/model/uint128.h"
#include "storage/ledger_view.h"
#include "tributary/v1/types.pb.h"

namespace tributary::server {

// Errors: kInvalidArgument naming `field`.
absl::StatusOr<Digest> DigestFromProto(std::string_view bytes, std::string_view field);
// The same; empty bytes are nullopt.
absl::StatusOr<std::optional<Digest>> OptionalDigestFromProto(std::string_view bytes,
                                                              std::string_view field);
absl::StatusOr<TimeMs> TimeFromProto(std::int64_t time_ms, std::string_view field);

inline std::string ToProto(const Digest& digest) { return std::string(digest.view()); }
inline std::int64_t ToProto(TimeMs time) { return static_cast<std::int64_t>(time.value); }

// Appends the 16 bytes of packed blocks, big-endian with leading zero bytes.
void AppendFixedGrains(Grains grains, std::string* out);

void ToProto(const StoredRecord& record, v1::RecordRef* ref);
void ToProto(const Receipt& receipt, v1::RecordReceipt* message);
// The message is shortened to `size_max` bytes.
void ToProto(const absl::Status& error, std::size_t size_max, v1::ItemError* message);

// At most `size_max` bytes and a sign that there was more; cut between two characters.
std::string Shortened(std::string_view text, std::size_t size_max);

// The status with "<prefix>." before the field it names and before its message. A status without a
// field stays as it is.
absl::Status WithPrefix(const absl::Status& status, std::string_view prefix);

}  // namespace tributary::server
