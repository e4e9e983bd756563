#include "client/cli/terminal.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace tributary::cli {
namespace {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 1;  // bytes
};

// The code point at the start of `text`; nullopt where no well-formed one starts.
std::optional<CodePoint> Decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return CodePoint{lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (size == 0 || lead > 0xf4 || text.size() < size) return std::nullopt;
  std::uint32_t value = lead & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    value = value << 6 | (byte(i) & 0x3fu);
  }
  static constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
    return std::nullopt;
  }
  return CodePoint{value, size};
}

struct Range {
  std::uint32_t first, last;
};

template <std::size_t size>
bool IsIn(std::uint32_t value, const std::array<Range, size>& ranges) {
  for (const Range& range : ranges) {
    if (value >= range.first && value <= range.last) return true;
  }
  return false;
}

// C0 and C1 controls, soft hyphen, Arabic letter mark, Hangul fillers, Mongolian vowel separator,
// zero-width and bidi controls, separators, invisible operators, fillers, byte order mark,
// interlinear marks, tags.
constexpr std::array<Range, 14> kHarmful = {{{0x00, 0x1f},
                                             {0x7f, 0x9f},
                                             {0xad, 0xad},
                                             {0x61c, 0x61c},
                                             {0x115f, 0x1160},
                                             {0x180e, 0x180e},
                                             {0x200b, 0x200f},
                                             {0x2028, 0x202e},
                                             {0x2060, 0x206f},
                                             {0x3164, 0x3164},
                                             {0xfeff, 0xfeff},
                                             {0xffa0, 0xffa0},
                                             {0xfff9, 0xfffb},
                                             {0xe0000, 0xe0fff}}};
constexpr std::array<Range, 10> kWide = {{{0x1100, 0x115f},
                                          {0x2e80, 0x303e},
                                          {0x3041, 0xa4cf},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xfe30, 0xfe6f},
                                          {0xff00, 0xff60},
                                          {0xffe0, 0xffe6},
                                          {0x1f300, 0x1faff},
                                          {0x20000, 0x3fffd}}};
constexpr std::array<Range, 5> kCombining = {
    {{0x300, 0x36f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}}};

std::size_t WidthOf(std::uint32_t code_point) {
  if (IsIn(code_point, kCombining)) return 0;
  return IsIn(code_point, kWide) ? 2 : 1;
}

void AppendEscape(char letter, std::uint32_t value, std::string* out) {
  char text[16];
  std::snprintf(text, sizeof(text), "\\%c{%x}", letter, value);
  out->append(text);
}

bool IsSet(const char* value) { return value != nullptr && *value != '\0'; }

}  // namespace

std::string EscapeForTerminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::optional<CodePoint> next = Decode(text);
    if (!next.has_value()) {
      AppendEscape('x', static_cast<unsigned char>(text[0]), &out);
      text.remove_prefix(1);
      continue;
    }
    if (IsIn(next->value, kHarmful))
      AppendEscape('u', next->value, &out);
    else
      out.append(text.substr(0, next->size));
    text.remove_prefix(next->size);
  }
  return out;
}

std::size_t DisplayWidth(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint next = Decode(text).value_or(CodePoint{'?', 1});
    width += WidthOf(next.value);
    text.remove_prefix(next.size);
  }
  return width;
}

std::string Shorten(std::string_view text, std::size_t width_max) {
  if (DisplayWidth(text) <= width_max) return std::string(text);
  std::string out;
  std::size_t width = 1;  // of the ellipsis
  while (!text.empty()) {
    const CodePoint next = Decode(text).value_or(CodePoint{'?', 1});
    width += WidthOf(next.value);
    if (width > width_max) break;
    out.append(text.substr(0, next.size));
    text.remove_prefix(next.size);
  }
  return out + "…";
}

std::string Bar(Grains part, Grains whole, std::size_t width_max, bool is_utf8) {
  static constexpr std::array<std::string_view, 8> kEighths = {"",  "▏", "▎", "▍",
                                                               "▌", "▋", "▊", "▉"};
  if (part == 0 || whole == 0) return "";
  const std::size_t per_column = is_utf8 ? 8 : 1;
  // At most 2^10 marks: grains are kept below 2^118 so that the product fits.
  while (whole >> 117 != 0) {
    whole >>= 1;
    part >>= 1;
  }
  std::size_t marks = static_cast<std::size_t>(part * (width_max * per_column) / whole);
  if (marks == 0) marks = 1;
  std::string bar;
  for (std::size_t i = 0; i < marks / per_column; ++i) bar.append(is_utf8 ? "█" : "#");
  if (is_utf8) bar.append(kEighths[marks % 8]);
  return bar;
}

bool LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (!IsSet(value)) continue;
    const std::string_view text = value;
    return text.find("UTF-8") != text.npos || text.find("utf8") != text.npos ||
           text.find("utf-8") != text.npos || text.find("UTF8") != text.npos;
  }
  return false;
}

bool StdoutIsTerminal() { return ::isatty(STDOUT_FILENO) == 1; }
bool StderrIsTerminal() { return ::isatty(STDERR_FILENO) == 1; }

bool UseColour() {
  const char* terminal = std::getenv("TERM");
  if (IsSet(std::getenv("NO_COLOR")) || !IsSet(terminal)) return false;
  return std::string_view(terminal) != "dumb" && StdoutIsTerminal();
}

std::string Styled(std::string_view text, Style style, bool use_colour) {
  if (!use_colour || style == Style::kPlain) return std::string(text);
  std::string out = style == Style::kBold ? "\x1b[1m" : "\x1b[2m";
  out.append(text);
  out.append("\x1b[0m");
  return out;
}

}  // namespace tributary::cli
