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

}  // namespace tributary
