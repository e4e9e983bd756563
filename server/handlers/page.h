// Pages of a list: the view that all of them show, and where the next one begins.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "server/handlers/page_token.h"
#include "server/handlers/view.h"
#include "storage/keys.h"

namespace tributary::server {

// A digest over what the pages of one list have in common: all of the request but its page. The
// bytes need not be canonical: a token from another build of the server is refused, which is safe.
template <typename Request>
Digest QueryDigest(Request request) {
  request.clear_page_token();
  request.clear_page_size();
  return Sha256({Request::descriptor()->full_name(), request.SerializeAsString()});
}

// The view and the place where a page begins.
struct Page {
  std::shared_ptr<LedgerView> view;
  std::string cursor;
  Digest query;

  std::string TokenFor(std::string next_cursor) const {
    return EncodePageToken({view->tree_size(), std::move(next_cursor)}, query);
  }
};

template <typename Request>
absl::StatusOr<Page> OpenPage(Env& env, const Request& request) {
  Page page;
  page.query = QueryDigest(request);
  v1::ReadPoint at = request.at();
  if (!request.page_token().empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(PageToken token, DecodePageToken(request.page_token(), page.query));
    at.set_tree_size(token.tree_size.value);
    page.cursor = std::move(token.cursor);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(page.view, OpenView(env, request.ledger(), at));
  return page;
}

// The number in a cursor; nullopt at the beginning, and for a cursor that we did not write.
inline std::optional<std::uint64_t> NumberIn(const std::string& cursor) {
  if (cursor.size() != sizeof(std::uint64_t)) return std::nullopt;
  return ReadBigEndian64(cursor);
}

}  // namespace tributary::server
