#include "client/cli/terminal.h"

#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

TEST_CASE("terminal: what could deceive is shown, not obeyed", "[client][terminal]") {
  CHECK(EscapeForTerminal("plain, ünïcode, 漢字") == "plain, ünïcode, 漢字");
  CHECK(EscapeForTerminal("\x1b[2J") == "\\u{1b}[2J");
  CHECK(EscapeForTerminal("a\nb\rc\td") == "a\\u{a}b\\u{d}c\\u{9}d");
  CHECK(EscapeForTerminal("\u009b31m") == "\\u{9b}31m");              // one-byte CSI
  CHECK(EscapeForTerminal("a\u202egnp.exe") == "a\\u{202e}gnp.exe");  // right-to-left override
  CHECK(EscapeForTerminal("a\u2066b\u2069") == "a\\u{2066}b\\u{2069}");
  CHECK(EscapeForTerminal("a\u200bb\ufeff") == "a\\u{200b}b\\u{feff}");
  CHECK(EscapeForTerminal("\xff\xc0\xaf") == "\\x{ff}\\x{c0}\\x{af}");
  CHECK(EscapeForTerminal("\xed\xa0\x80") == "\\x{ed}\\x{a0}\\x{80}");  // a surrogate
  CHECK(EscapeForTerminal("\xe2\x82") == "\\x{e2}\\x{82}");             // cut short
}

TEST_CASE("terminal: widths count columns, not bytes", "[client][terminal]") {
  CHECK(DisplayWidth("") == 0);
  CHECK(DisplayWidth("abc") == 3);
  CHECK(DisplayWidth("äöü") == 3);
  CHECK(DisplayWidth("漢字") == 4);
  CHECK(DisplayWidth("e\u0301") == 1);
}

TEST_CASE("terminal: long texts are cut with an ellipsis", "[client][terminal]") {
  CHECK(Shorten("abcdef", 6) == "abcdef");
  CHECK(Shorten("abcdefg", 6) == "abcde…");
  CHECK(Shorten("漢字漢字", 5) == "漢字…");
}

TEST_CASE("terminal: bars are rounded down, yet nothing above 0 is invisible",
          "[client][terminal]") {
  CHECK(Bar(0, 100, 10, true).empty());
  CHECK(Bar(100, 100, 4, true) == "████");
  CHECK(Bar(50, 100, 4, false) == "##");
  CHECK(Bar(1, 1'000'000, 4, true) == "▏");
  CHECK(Bar(1, 1'000'000, 4, false) == "#");
  CHECK(Bar(kShareGrains / 16, kShareGrains, 2, true) == "▏");
}

}  // namespace
}  // namespace tributary::cli
