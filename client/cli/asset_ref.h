// Assets as people name them on a command line: id, beginning of an id, alias or name.

#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/cli/import_batch.h"
#include "client/cli/session.h"
#include "graph/model/digest.h"
#include "tributary/v1/types.pb.h"

namespace tributary::cli {

// The one asset that `text` means at `tree_size` (0: now).
// Errors: kNotFound; kFailedPrecondition, several match: the message lists them.
absl::StatusOr<v1::AssetSummary> ResolveAsset(Session& session, std::string_view text,
                                              std::uint64_t tree_size);

// The id of the asset that `text` means. Full ids are not looked up: the server judges them.
// Errors: as ResolveAsset.
absl::StatusOr<std::string> AssetIdOf(Session& session, const std::string& text);

// Asks the ledger what an alias points to. The session outlives the answer.
AliasLookup LedgerAliases(Session& session, const std::string& ledger);

// "name (kind, 0123abcd…)" for people; untrusted text is escaped. A name of more columns is cut.
std::string DescribeAsset(std::string_view asset_id, v1::AssetKind kind, std::string_view name,
                          std::size_t name_width_max = std::numeric_limits<std::size_t>::max());

// The first digits of an id, enough for people to tell ids apart and to type again.
inline constexpr std::size_t kShortIdDigits = 12;
std::string ShortId(std::string_view raw_id);

// Kinds in words: "model checkpoint", not "model_checkpoint".
std::string KindWords(v1::AssetKind kind);

}  // namespace tributary::cli
