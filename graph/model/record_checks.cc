#include "graph/model/record_checks.h"

#include "graph/model/canonical_json.h"
#include "graph/model/record.h"

namespace tributary::internal {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

bool ConsistsOf(std::string_view text, std::string_view punctuation) {
  return std::all_of(text.begin(), text.end(), [punctuation](char c) {
    return IsAlphanumeric(c) || punctuation.find(c) != std::string_view::npos;
  });
}

absl::Status CheckText(std::string_view field, std::string_view text, std::size_t size_max) {
  if (text.size() > size_max) {
    return InvalidField(field, StrCat(text.size(), " bytes"),
                        StrCat("at most ", size_max, " bytes"));
  }
  if (!IsValidUtf8(text) || text.find('\0') != std::string_view::npos) {
    return InvalidField(field, Quoted(text), "valid UTF-8 without U+0000");
  }
  return absl::OkStatus();
}

absl::Status CheckPrintable(std::string_view field, std::string_view text, std::size_t size_max) {
  if (text.empty()) return InvalidField(field, "no text", StrCat("1 to ", size_max, " bytes"));
  TRIBUTARY_RETURN_IF_ERROR(CheckText(field, text, size_max));
  const bool printable = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!printable) return InvalidField(field, Quoted(text), "printable characters");
  return absl::OkStatus();
}

absl::Status CheckInteger(std::string_view field, std::uint64_t value, std::uint64_t min,
                          std::uint64_t max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return InvalidField(field, StrCat(value), StrCat(min, " to ", max));
}

// The canonical form of a pair, by which pairs are sorted.
std::string PairBytes(const Attribute& pair) {
  std::string bytes = "[";
  AppendJsonString(pair.first, &bytes);
  bytes.push_back(',');
  AppendJsonString(pair.second, &bytes);
  bytes.push_back(']');
  return bytes;
}

std::string TextBytes(const std::string& text) {
  std::string bytes;
  AppendJsonString(text, &bytes);
  return bytes;
}

absl::Status CheckPairs(std::string_view field, const std::vector<Attribute>& pairs) {
  for (const auto& [key, value] : pairs) {
    if (key.empty()) return InvalidField(field, "an empty key", "keys of 1 to 128 bytes");
    TRIBUTARY_RETURN_IF_ERROR(CheckText(field, key, kAttributeKeySizeMax));
    TRIBUTARY_RETURN_IF_ERROR(CheckText(field, value, kAttributeValueSizeMax));
  }
  return CheckSet(field, pairs, kAttributeCountMax, PairBytes);
}

absl::Status CheckTime(std::string_view field, const std::optional<TimeMs>& time) {
  if (time.has_value() && time->value > kTimeMsMax) {
    return InvalidField(field, StrCat(time->value, " ms"), "a time up to the year 9999");
  }
  return absl::OkStatus();
}

absl::Status CheckHolders(std::string_view field, const std::vector<Holder>& holders) {
  if (holders.size() > kHolderCountMax) {
    return InvalidField(field, StrCat(holders.size(), " entries"),
                        StrCat("at most ", kHolderCountMax));
  }
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < holders.size(); ++i) {
    const Holder& holder = holders[i];
    TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(holder.party, StrCat(field, ".party")));
    if (i > 0 && holder.party == holders[i - 1].party) {
      return InvalidField(StrCat(field, ".party"), StrCat(holder.party, " twice"),
                          "each party once");
    }
    if (i > 0 && holder.party < holders[i - 1].party) {
      return InvalidField(field, StrCat(holder.party, " out of order"),
                          "ascending byte order of party ids");
    }
    if (holder.units < 1 || holder.units > kWeightSumMax - sum) {
      return InvalidField(StrCat(field, ".units"), StrCat(holder.units, " for ", holder.party),
                          "at least 1 each, the sum below 2^63");
    }
    sum += holder.units;
  }
  return absl::OkStatus();
}

void SortHolders(std::vector<Holder>* holders) {
  std::sort(holders->begin(), holders->end(),
            [](const Holder& a, const Holder& b) { return a.party < b.party; });
}

}  // namespace tributary::internal
