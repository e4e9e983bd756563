// Types of records as numbers: their place in RecordBody, which never changes.

#pragma once

#include <cstddef>
#include <type_traits>
#include <variant>

#include "graph/model/record.h"

namespace tributary {

// How many types there are. Types are only ever added, at the end.
inline constexpr std::size_t kRecordTypeCount = std::variant_size_v<RecordBody>;

struct RecordType {
  std::size_t index = 0;  // below kRecordTypeCount
  friend auto operator<=>(const RecordType&, const RecordType&) = default;
};

namespace internal {

template <typename Body, std::size_t kIndex = 0>
constexpr std::size_t IndexOfBody() {
  if constexpr (std::is_same_v<Body, std::variant_alternative_t<kIndex, RecordBody>>) {
    return kIndex;
  } else {
    return IndexOfBody<Body, kIndex + 1>();
  }
}

}  // namespace internal

// The type of a body, as in kRecordTypeOf<SaleRecord>.
template <typename Body>
inline constexpr RecordType kRecordTypeOf{internal::IndexOfBody<Body>()};

inline RecordType TypeOf(const RecordBody& body) { return {body.index()}; }

// Records of this type and those that follow are of sales and statements.
inline constexpr RecordType kFirstSettlementType = kRecordTypeOf<CurrencyRecord>;

// Whether records of this type take no `supersedes`: what they say is never said anew.
bool IsFinal(const RecordBody& body);

// What the record of a statement or an adjustment says of its lines; nullopt: it has none.
struct StatedLineList {
  std::uint64_t line_count = 0;
  Digest lines_root;
};
std::optional<StatedLineList> StatedLines(const RecordBody& body);

// The type named in the canonical bytes of a record, such as "tributary/sale/v1", without decoding
// it. Empty if the bytes name none.
std::string_view PeekTypeName(std::string_view canonical_bytes);

}  // namespace tributary
