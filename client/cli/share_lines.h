// Lines of attributions and quotes: the words and keys that both use.

#pragma once

#include <string>

#include "client/cli/session.h"
#include "graph/model/uint128.h"
#include "tributary/v1/types.pb.h"

namespace tributary::cli {

// Grains of the wire as decimal digits. They must have passed GrainsOf already.
std::string GrainsText(std::string_view bytes);

// {"line_kind", "asset" or "party", "asset_kind", "name", "grains", "percent"}; keys that do not
// apply are left out.
Json ShareLineJson(const v1::ShareLine& line, Grains whole);

// What people read as its name: the name, else the party id, else "(no name)".
std::string ShareLineName(const v1::ShareLine& line);

// What kind of line it is, in words: "model checkpoint", "no payee on record: work", and so on.
std::string ShareLineWords(const v1::ShareLine& line, bool by_party);

// The words for a line that is no payee's, such as "no payee on record"; "rights holder"
// for a party.
std::string LineKindWords(v1::LineKind kind);

}  // namespace tributary::cli
