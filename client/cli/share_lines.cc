#include "client/cli/share_lines.h"

#include "client/cli/asset_ref.h"
#include "client/cli/percent.h"
#include "client/lib/convert.h"
#include "graph/model/check.h"
#include "graph/model/text.h"

namespace tributary::cli {

std::string GrainsText(std::string_view bytes) {
  const absl::StatusOr<Grains> grains = GrainsOf(bytes);
  TRIBUTARY_CHECK(grains.ok());
  return ToDecimal(*grains);
}

Json ShareLineJson(const v1::ShareLine& line, Grains whole) {
  Json json{{"line_kind", NameOf(line.kind())}};
  if (!line.asset_id().empty()) json["asset"] = ToHex(line.asset_id());
  if (!line.party().empty()) json["party"] = line.party();
  if (line.asset_kind() != v1::ASSET_KIND_UNSPECIFIED)
    json["asset_kind"] = NameOf(line.asset_kind());
  if (!line.name().empty()) json["name"] = line.name();
  json["grains"] = GrainsText(line.grains());
  json["percent"] = FormatPercent(*GrainsOf(line.grains()), whole);
  return json;
}

std::string ShareLineName(const v1::ShareLine& line) {
  if (!line.name().empty()) return line.name();
  return line.party().empty() ? "(no name)" : line.party();
}

std::string LineKindWords(v1::LineKind kind) {
  switch (kind) {
    case v1::LINE_KIND_PARTY:
      return "rights holder";
    case v1::LINE_KIND_UNCLAIMED:
      return "no payee on record";
    case v1::LINE_KIND_UNDISCLOSED:
      return "source not disclosed";
    case v1::LINE_KIND_UNATTRIBUTED:
      return "belongs to nobody on record";
    default:
      return "";
  }
}

std::string ShareLineWords(const v1::ShareLine& line, bool by_party) {
  const std::string asset_kind = KindWords(line.asset_kind());
  if (line.kind() == v1::LINE_KIND_ASSET && !by_party) return asset_kind;
  const std::string words = LineKindWords(line.kind());
  return asset_kind.empty() || line.kind() == v1::LINE_KIND_PARTY ? words
                                                                  : StrCat(words, ": ", asset_kind);
}

}  // namespace tributary::cli
