#include "client/cli/asset_ref.h"

#include <algorithm>

#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

absl::Status AmbiguousError(std::string_view text, const v1::ResolveAssetResponse& found) {
  std::string message = StrCat("asset: found ", Quoted(text), ", which may mean any of");
  for (const v1::AssetSummary& match : found.matches()) {
    StrAppend(&message, "\n  ", ToHex(match.asset_id()), "  ", KindWords(match.kind()), "  ",
              match.name());
  }
  if (found.more()) message.append("\n  and more");
  message.append("\nallowed: an id, the beginning of one, an alias or a name that means one asset");
  return absl::FailedPreconditionError(message);
}

}  // namespace

absl::StatusOr<v1::AssetSummary> ResolveAsset(Session& session, std::string_view text,
                                              std::uint64_t tree_size) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  v1::ResolveAssetRequest request;
  request.set_ledger(ledger);
  request.set_text(std::string(text));
  SetReadPoint(tree_size, &request);
  TRIBUTARY_ASSIGN_OR_RETURN(
      const v1::ResolveAssetResponse found,
      session.client().Call(&v1::LineageService::Stub::ResolveAsset, request));
  if (found.matches().empty()) {
    return absl::NotFoundError(
        StrCat("asset: found ", Quoted(text),
               ", which no asset has as its id, beginning of an id, alias or name in ledger ",
               Quoted(ledger)));
  }
  if (found.matches_size() > 1 || found.more()) return AmbiguousError(text, found);
  return found.matches(0);
}

absl::StatusOr<std::string> AssetIdOf(Session& session, const std::string& text) {
  if (Digest::FromHex(text).ok()) return text;
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::AssetSummary asset, ResolveAsset(session, text, 0));
  return ToHex(asset.asset_id());
}

AliasLookup LedgerAliases(Session& session, const std::string& ledger) {
  return [&session, ledger](const std::string& alias) -> absl::StatusOr<Digest> {
    v1::ResolveAliasRequest request;
    request.set_ledger(ledger);
    request.set_alias(alias);
    TRIBUTARY_ASSIGN_OR_RETURN(
        const v1::ResolveAliasResponse response,
        session.client().Call(&v1::LineageService::Stub::ResolveAlias, request));
    const auto asset = Digest::FromBytes(response.asset_id());
    if (!asset.has_value()) return absl::InternalError("asset_id: not 32 bytes in the answer");
    return *asset;
  };
}

std::string ShortId(std::string_view raw_id) { return ToHex(raw_id).substr(0, kShortIdDigits); }

std::string KindWords(v1::AssetKind kind) {
  std::string words(NameOf(kind));
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string DescribeAsset(std::string_view asset_id, v1::AssetKind kind, std::string_view name,
                          std::size_t name_width_max) {
  const std::string shown =
      name.empty() ? "(no name)" : Shorten(EscapeForTerminal(name), name_width_max);
  return StrCat(shown, " (", KindWords(kind), ", ", ShortId(asset_id), "…)");
}

}  // namespace tributary::cli
