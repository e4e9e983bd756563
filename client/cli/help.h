// Help that fits a terminal.

#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace tributary::cli {

// Breaks a text between words so that lines have at most `width` columns; a word that is longer has
// a line of its own. Line feeds of the text stay; several spaces become one.
std::string Wrapped(std::string_view text, std::size_t width, std::string_view indent);

// As CLI11 prints it, but for lines of 80 columns, and with only the first sentence of each
// subcommand in the list of them.
class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  std::string make_description(const CLI::App* app) const override;
};

}  // namespace tributary::cli
