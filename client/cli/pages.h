// Lists that come by pages, read to their end or as far as was asked for.

#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "client/cli/session.h"
#include "graph/model/status.h"

namespace tributary::cli {

// Rows that a table shows unless more are asked for.
inline constexpr std::uint64_t kTableRows = 50;
// Pages are of this size where all is read.
inline constexpr std::uint32_t kPageSize = 1'000;

// Reads pages and gives each to `on_page`, until the list ends or `count_max` entries were read (0:
// all). `on_page` returns how many entries it took. All pages show one state of the ledger. *more
// says whether the list goes on.
template <typename Service, typename Request, typename Response, typename OnPage>
absl::Status ReadPages(Session& session,
                       grpc::Status (Service::*method)(grpc::ClientContext*, const Request&,
                                                       Response*),
                       Request request, std::uint64_t count_max, bool* more, OnPage&& on_page) {
  std::uint64_t count = 0;
  *more = true;
  while (*more && (count_max == 0 || count < count_max)) {
    const std::uint64_t left = count_max == 0 ? kPageSize : count_max - count;
    request.set_page_size(static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kPageSize)));
    TRIBUTARY_ASSIGN_OR_RETURN(const Response response, session.client().Call(method, request));
    count += on_page(response);
    request.set_page_token(response.next_page_token());
    *more = !response.next_page_token().empty();
  }
  return absl::OkStatus();
}

// Adds `--limit N`: how many entries are listed.
struct LimitArgument {
  std::uint64_t limit = 0;
  bool is_given = false;
  // 0: all.
  std::uint64_t CountMax(Output output) const {
    return is_given || output != Output::kTable ? limit : kTableRows;
  }
};
inline void AddLimit(CLI::App* command, LimitArgument* argument) {
  command
      ->add_option_function<std::uint64_t>(
          "--limit",
          [argument](const std::uint64_t& limit) {
            argument->limit = limit;
            argument->is_given = true;
          },
          "Entries to list; 0: all. Absent: 50 in tables, else all")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 40));
}

}  // namespace tributary::cli
