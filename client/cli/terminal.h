// What a terminal shows: untrusted text made harmless, widths, colours.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "graph/model/uint128.h"

namespace tributary::cli {

// Text from a ledger, for a person's screen. Control characters, bidirectional controls, invisible
// characters and line separators are shown as \u{202e}: a name must not move the cursor, reorder a
// line or hide. Bytes that are not UTF-8 are shown as \x{ff}.
std::string EscapeForTerminal(std::string_view text);

// Columns that valid, escaped UTF-8 takes: 2 for wide characters (CJK, emoji), 0 for combining
// ones.
std::size_t DisplayWidth(std::string_view text);

// At most `width_max` columns, an ellipsis taking the place of what is cut.
std::string Shorten(std::string_view text, std::size_t width_max);

// A bar of `part` out of `whole`, at most `width_max` columns, in eighths of a column where the
// locale is UTF-8, else in `#`. Rounded down; a part above 0 shows at least the smallest mark.
std::string Bar(Grains part, Grains whole, std::size_t width_max, bool is_utf8);

// Whether LC_ALL, LC_CTYPE or LANG (the first that is set) says UTF-8.
bool LocaleIsUtf8();

bool StdoutIsTerminal();
bool StderrIsTerminal();

// Whether standard output takes colours: a terminal, TERM not "dumb", NO_COLOR not set.
bool UseColour();

enum class Style { kPlain, kBold, kDim };
// `text` between the escape sequences of `style`, or as it is where colours are off.
std::string Styled(std::string_view text, Style style, bool use_colour);

}  // namespace tributary::cli
