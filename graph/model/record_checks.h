// Rules that records of many types share. Internal to graph/model.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "graph/model/status.h"
#include "graph/model/vocabulary.h"

namespace tributary::internal {

// Whether the text has ASCII letters, digits and this punctuation only.
bool ConsistsOf(std::string_view text, std::string_view punctuation);

// UTF-8 without U+0000 of at most size_max bytes.
absl::Status CheckText(std::string_view field, std::string_view text, std::size_t size_max);
// Such a text of at least one byte, without control characters.
absl::Status CheckPrintable(std::string_view field, std::string_view text, std::size_t size_max);
absl::Status CheckTime(std::string_view field, const std::optional<TimeMs>& time);
absl::Status CheckInteger(std::string_view field, std::uint64_t value, std::uint64_t min,
                          std::uint64_t max);

// Canonical forms, by which sets and pairs are sorted.
std::string PairBytes(const Attribute& pair);
std::string TextBytes(const std::string& text);

absl::Status CheckPairs(std::string_view field, const std::vector<Attribute>& pairs);
// Holders or others who share by units: ascending party id, each once, the sum below 2^63.
absl::Status CheckHolders(std::string_view field, const std::vector<Holder>& holders);
void SortHolders(std::vector<Holder>* holders);

template <typename T, typename ToBytes>
void SortByBytes(std::vector<T>* list, ToBytes to_bytes) {
  std::sort(list->begin(), list->end(),
            [&](const T& a, const T& b) { return to_bytes(a) < to_bytes(b); });
}

template <typename T, typename ToBytes>
absl::Status CheckSet(std::string_view field, const std::vector<T>& list, std::size_t count_max,
                      ToBytes to_bytes) {
  if (list.size() > count_max) {
    return InvalidField(field, StrCat(list.size(), " entries"),
                        StrCat("at most ", count_max, " entries"));
  }
  for (std::size_t i = 1; i < list.size(); ++i) {
    const std::string previous = to_bytes(list[i - 1]);
    const std::string current = to_bytes(list[i]);
    if (previous == current) {
      return InvalidField(field, StrCat(Quoted(current), " twice"), "each entry once");
    }
    if (previous > current) {
      return InvalidField(field, StrCat(Quoted(current), " out of order"),
                          "entries in ascending order of their canonical bytes");
    }
  }
  return absl::OkStatus();
}

}  // namespace tributary::internal
