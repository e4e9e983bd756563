#include "graph/log/checkpoint.h"

#include <utility>

#include "graph/log/lines.h"
#include "graph/model/base64.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

absl::Status LineError(std::string_view line, std::string_view found, std::string_view allowed) {
  return InvalidField(StrCat("checkpoint ", line), found, allowed);
}

bool IsLine(std::string_view text, std::size_t size_max) {
  return !text.empty() && text.size() <= size_max && text.find('\n') == std::string_view::npos;
}

}  // namespace

std::string LogOrigin(std::string_view ledger, std::uint64_t epoch) {
  return StrCat(ledger, "/", epoch);
}

absl::StatusOr<LogCheckpoint> ParseCheckpoint(std::string_view text) {
  LogCheckpoint checkpoint;
  const auto origin = TakeLine(&text);
  if (!origin.has_value() || !IsLine(*origin, kOriginSizeMax)) {
    return LineError("line 1", Quoted(origin.value_or(text)),
                     StrCat("an origin of 1 to ", kOriginSizeMax, " bytes"));
  }
  checkpoint.origin = *origin;
  const auto size_line = TakeLine(&text);
  const auto size = ReadDecimal(size_line.value_or(""));
  if (!size.has_value()) {
    return LineError("line 2", Quoted(size_line.value_or(text)),
                     "a tree size below 2^63 without leading zeros");
  }
  checkpoint.tree_size = *size;
  const auto root_line = TakeLine(&text);
  const auto root = ReadHash(root_line.value_or(""));
  if (!root.has_value()) {
    return LineError("line 3", Quoted(root_line.value_or(text)), "base64 of a root of 32 bytes");
  }
  checkpoint.root_hash = *root;
  while (!text.empty()) {
    const auto line = TakeLine(&text);
    const std::string number = StrCat("line ", 4 + checkpoint.extension_lines.size());
    if (!line.has_value()) return LineError(number, "no line feed", "one at the end");
    if (!IsLine(*line, kExtensionLineSizeMax)) {
      return LineError(number, StrCat(line->size(), " bytes"),
                       StrCat("1 to ", kExtensionLineSizeMax));
    }
    if (checkpoint.extension_lines.size() == kExtensionLineCountMax) {
      return LineError(number, "another extension line",
                       StrCat("at most ", kExtensionLineCountMax));
    }
    checkpoint.extension_lines.emplace_back(*line);
  }
  return checkpoint;
}

std::string FormatCheckpoint(const LogCheckpoint& checkpoint) {
  TRIBUTARY_CHECK(IsLine(checkpoint.origin, kOriginSizeMax));
  TRIBUTARY_CHECK(checkpoint.tree_size <= kTreeSizeMax);
  std::string text = StrCat(checkpoint.origin, "\n", checkpoint.tree_size, "\n",
                            ToBase64(checkpoint.root_hash.view()), "\n");
  for (const std::string& line : checkpoint.extension_lines) {
    TRIBUTARY_CHECK(IsLine(line, kExtensionLineSizeMax));
    StrAppend(&text, line, "\n");
  }
  return text;
}

}  // namespace tributary
