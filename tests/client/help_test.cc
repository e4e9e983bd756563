#include "client/cli/help.h"

#include "client/cli/commands.h"
#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

TEST_CASE("help: lines are broken between words", "[cli]") {
  struct KnownAnswer {
    std::string_view text;
    std::string_view lines;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {"", ""},
      {"one", "one"},
      {"one two", "one two"},
      {"one two three", "one two\n> three"},
      {"a-word-that-is-longer one", "a-word-that-is-longer\n> one"},
      {"one\ntwo", "one\n> two"},
      {"\xc3\xa4\xc3\xb6\xc3\xbc four", "\xc3\xa4\xc3\xb6\xc3\xbc four"},
  }));
  CAPTURE(known.text);
  CHECK(Wrapped(known.text, 8, "> ") == known.lines);
}

TEST_CASE("help: entries stand in columns, and commands with their first sentence", "[cli]") {
  CLI::App app("A program that does things.");
  app.formatter(std::make_shared<HelpFormatter>());
  app.add_option("--short", "What it means, in so many words that they do not fit on the one line");
  app.add_option("--an-option-with-a-long-name", "Below it");
  app.add_subcommand("do", "Do things. There is more to say about that.");
  const std::string help = app.help();
  CAPTURE(help);
  CHECK(
      help.find("\n  --short                 What it means, in so many words that they do not fit\n"
                "                          on the one line\n") != std::string::npos);
  CHECK(help.find("\n  --an-option-with-a-long-name\n                          Below it\n") !=
        std::string::npos);
  CHECK(help.find("\n  do                      Do things\n") != std::string::npos);
  CHECK(help.find("more to say") == std::string::npos);
  CHECK(app.get_subcommand("do")->help().find("more to say") != std::string::npos);
}

}  // namespace
}  // namespace tributary::cli
