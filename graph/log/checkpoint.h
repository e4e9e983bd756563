// The head of a log as a text that is signed: origin, tree size, root.
//
// Source: C2SP tlog-checkpoint.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/model/digest.h"

namespace tributary {

inline constexpr std::size_t kOriginSizeMax = 512;
inline constexpr std::size_t kExtensionLineCountMax = 16;  // ours has none
inline constexpr std::size_t kExtensionLineSizeMax = 4096;

// What a log says about itself at one moment. It says nothing until its signatures are verified.
struct LogCheckpoint {
  std::string origin;
  std::uint64_t tree_size = 0;  // below 2^63
  Digest root_hash;
  std::vector<std::string> extension_lines;
  friend bool operator==(const LogCheckpoint&, const LogCheckpoint&) = default;
};

// The origin of a ledger's log, which is also the name of its key: "<ledger>/<epoch>".
std::string LogOrigin(std::string_view ledger, std::uint64_t epoch);

// The text of a note. Accepts exactly what FormatCheckpoint writes.
// Errors: kInvalidArgument with the line.
absl::StatusOr<LogCheckpoint> ParseCheckpoint(std::string_view text);
// No field may hold a line feed, and neither the origin nor an extension line may be empty.
std::string FormatCheckpoint(const LogCheckpoint& checkpoint);

}  // namespace tributary
