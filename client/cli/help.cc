#include "client/cli/help.h"

#include <algorithm>

#include "client/cli/terminal.h"

namespace tributary::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kColumn = 26;  // where descriptions begin

// A name, and what it means beside it, or below it where the name is long.
std::string Entry(const std::string& name, std::string_view description) {
  std::string text = "  " + name;
  if (description.empty()) return text + "\n";
  const std::string indent(kColumn, ' ');
  if (text.size() + 2 > kColumn) {
    text += "\n" + indent;
  } else {
    text.resize(kColumn, ' ');
  }
  return text + Wrapped(description, kWidth - kColumn, indent) + "\n";
}

}  // namespace

std::string Wrapped(std::string_view text, std::size_t width, std::string_view indent) {
  std::string lines;
  std::size_t used = 0;  // columns of the line that is being filled
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    const std::size_t columns = DisplayWidth(word);
    if (used > 0 && columns > 0 && used + 1 + columns > width) {
      lines.append("\n").append(indent);
      used = 0;
    }
    if (used > 0 && !word.empty()) {
      lines += ' ';
      ++used;
    }
    lines.append(word);
    used += columns;
    if (end == text.size()) break;
    if (text[end] == '\n') {
      lines.append("\n").append(indent);
      used = 0;
    }
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  return Entry(make_option_name(option, is_positional) + make_option_opts(option),
               make_option_desc(option));
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  const std::string description = command->get_description();
  return Entry(command->get_display_name(true), description.substr(0, description.find(". ")));
}

std::string HelpFormatter::make_description(const CLI::App* app) const {
  return Wrapped(CLI::Formatter::make_description(app), kWidth, "");
}

}  // namespace tributary::cli
