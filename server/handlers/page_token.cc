#include "server/handlers/page_token.h"

#include <algorithm>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/limits.h"
#include "storage/keys.h"

namespace tributary::server {
namespace {

constexpr std::size_t kTreeSizeSize = 8;
// Enough to tell a slip from a match. It is no secret: a forged token shows nothing that the
// request itself could not ask for.
constexpr std::size_t kSumSize = 8;

std::string SumOf(std::string_view payload, const Digest& query) {
  return std::string(Sha256({query.view(), payload}).view().substr(0, kSumSize));
}

}  // namespace

std::string EncodePageToken(const PageToken& token, const Digest& query) {
  const std::string payload = BigEndian64(token.tree_size.value) + token.cursor;
  return SumOf(payload, query) + payload;
}

absl::StatusOr<PageToken> DecodePageToken(std::string_view bytes, const Digest& query) {
  if (bytes.size() >= kSumSize + kTreeSizeSize) {
    const std::string_view payload = bytes.substr(kSumSize);
    if (bytes.substr(0, kSumSize) == SumOf(payload, query)) {
      PageToken token;
      token.tree_size.value = ReadBigEndian64(payload);
      token.cursor = payload.substr(kTreeSizeSize);
      return token;
    }
  }
  return InvalidField("page_token", StrCat(bytes.size(), " bytes that do not fit this request"),
                      "next_page_token of the same request, or empty");
}

absl::StatusOr<std::size_t> PageSize(std::uint32_t asked, std::uint64_t size_default,
                                     std::uint64_t size_max, std::string_view limit_name) {
  if (asked == 0) return static_cast<std::size_t>(std::min(size_default, size_max));
  if (asked > size_max) return LimitExceeded("page_size", asked, limit_name, size_max);
  return static_cast<std::size_t>(asked);
}

}  // namespace tributary::server
