// Where a list goes on: opaque to clients, good for the request it came from and no other.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/model/digest.h"

namespace tributary::server {

struct PageToken {
  TreeSize tree_size;  // of the first page: all pages show one state
  std::string cursor;  // the list's own
};

// `query` is a digest over all that the pages of one list have in common.
std::string EncodePageToken(const PageToken& token, const Digest& query);
// Errors: kInvalidArgument naming page_token: damaged, or of another request.
absl::StatusOr<PageToken> DecodePageToken(std::string_view bytes, const Digest& query);

// The page size to use for the one asked for; 0 asks for the default.
// Errors: kResourceExhausted naming the limit.
absl::StatusOr<std::size_t> PageSize(std::uint32_t asked, std::uint64_t size_default,
                                     std::uint64_t size_max, std::string_view limit_name);

}  // namespace tributary::server
