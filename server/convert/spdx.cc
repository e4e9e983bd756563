#include "server/convert/spdx.h"

#include <algorithm>
#include <cstddef>

#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary::server {
namespace {

bool IsIdString(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '.';
  });
}

bool IsOperator(std::string_view word) { return word == "AND" || word == "OR" || word == "WITH"; }

// [DocumentRef-id:]LicenseRef-id
bool IsReference(std::string_view word) {
  constexpr std::string_view kDocument = "DocumentRef-";
  constexpr std::string_view kLicense = "LicenseRef-";
  if (word.starts_with(kDocument)) {
    const std::size_t colon = word.find(':');
    if (colon == word.npos) return false;
    if (!IsIdString(word.substr(kDocument.size(), colon - kDocument.size()))) return false;
    word.remove_prefix(colon + 1);
  }
  return word.starts_with(kLicense) && IsIdString(word.substr(kLicense.size()));
}

// A licence by itself: an id, an id with `+`, or a reference.
bool IsLicense(std::string_view word) {
  if (word.starts_with("DocumentRef-") || word.starts_with("LicenseRef-")) return IsReference(word);
  if (word.ends_with('+')) word.remove_suffix(1);
  return IsIdString(word) && !IsOperator(word);
}

// Takes the next word or parenthesis; empty at the end.
std::string_view TakeWord(std::string_view* text) {
  text->remove_prefix(std::min(text->find_first_not_of(' '), text->size()));
  const bool is_parenthesis = !text->empty() && (text->front() == '(' || text->front() == ')');
  const std::size_t size = is_parenthesis ? 1 : std::min(text->find_first_of(" ()"), text->size());
  const std::string_view word = text->substr(0, size);
  text->remove_prefix(size);
  return word;
}

// What may come next.
enum class Expected { kLicense, kException, kOperator, kOperatorButWith };

bool IsExpression(std::string_view text) {
  Expected expected = Expected::kLicense;
  std::size_t depth = 0;  // of parentheses
  for (auto word = TakeWord(&text); !word.empty(); word = TakeWord(&text)) {
    switch (expected) {
      case Expected::kLicense:
        if (word == "(") {
          ++depth;
        } else if (IsLicense(word)) {
          expected = Expected::kOperator;
        } else {
          return false;
        }
        break;
      case Expected::kException:
        if (!IsIdString(word) || IsOperator(word)) return false;
        expected = Expected::kOperatorButWith;
        break;
      case Expected::kOperator:
      case Expected::kOperatorButWith:
        if (word == ")" && depth > 0) {
          --depth;
          expected = Expected::kOperatorButWith;
        } else if (word == "WITH" && expected == Expected::kOperator) {
          expected = Expected::kException;
        } else if (word == "AND" || word == "OR") {
          expected = Expected::kLicense;
        } else {
          return false;
        }
        break;
    }
  }
  const bool is_whole = expected == Expected::kOperator || expected == Expected::kOperatorButWith;
  return is_whole && depth == 0;
}

}  // namespace

absl::Status CheckLicenseExpression(std::string_view text) {
  if (text.empty() || IsExpression(text)) return absl::OkStatus();
  return InvalidField("license", Quoted(text),
                      "an SPDX licence expression, such as MIT, MIT OR Apache-2.0, or "
                      "LicenseRef-Name for terms that SPDX does not list");
}

}  // namespace tributary::server
