// Asset ids of files, hashed here: their bytes never leave this machine.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "graph/model/digest.h"

namespace tributary::cli {

struct FileId {
  Digest id;
  std::uint64_t size = 0;  // bytes that were hashed
};

// SHA-256 of a file's bytes, read in pieces; with a salt SHA-256(salt, then the bytes).
// Errors: kNotFound, kFailedPrecondition (not a regular file), kUnavailable (a read failed).
absl::StatusOr<FileId> HashFile(const std::filesystem::path& path,
                                const std::optional<Digest>& salt = std::nullopt);

// The id method `files`: SHA-256 over the raw SHA-256 digests of all regular files below
// `directory`, in byte order of their paths relative to it (separator /). Symbolic links are
// refused: whether they are followed would change the id.
// Errors: as HashFile; kFailedPrecondition also for a directory without files.
absl::StatusOr<FileId> HashDirectory(const std::filesystem::path& directory);

// 32 bytes from the system's generator.
absl::StatusOr<Digest> RandomSalt();

// The salt that `path` holds as 64 hex digits; where there is no such file, a new random one, which
// is written there first, readable by its owner only. The same command can then be repeated.
absl::StatusOr<Digest> SaltFromFile(const std::filesystem::path& path);

// The whole of a file of at most `size_max` bytes.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, std::size_t size_max);

}  // namespace tributary::cli
