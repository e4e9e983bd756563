#include "client/cli/progress.h"

#include <cstdio>

#include "client/cli/percent.h"
#include "client/cli/terminal.h"
#include "graph/model/text.h"

namespace tributary::cli {

Progress::Progress(std::string_view what, std::uint64_t total) : shown_(StderrIsTerminal()) {
  Restart(what, total);
}

Progress::~Progress() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
}

void Progress::Restart(std::string_view what, std::uint64_t total) {
  what_ = EscapeForTerminal(what);
  total_ = total;
  start_ = Clock::now();
  // Work that is over at once shows no line at all.
  next_draw_ = start_ + std::chrono::milliseconds(200);
}

void Progress::Update(std::uint64_t done) {
  if (!shown_) return;
  const Clock::time_point now = Clock::now();
  if (now < next_draw_) return;
  next_draw_ = now + std::chrono::milliseconds(100);
  Draw(done, now);
}

void Progress::Draw(std::uint64_t done, Clock::time_point now) {
  constexpr std::size_t kBarWidth = 24;
  const auto ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now - start_).count());
  std::string line = StrCat("\r\x1b[K", what_, " ");
  if (total_ > 0 && done <= total_) {
    const std::string bar = Bar(done, total_, kBarWidth, LocaleIsUtf8());
    StrAppend(&line, "[", bar, std::string(kBarWidth - DisplayWidth(bar), ' '), "] ",
              FormatPercent(done, total_), " ");
  }
  StrAppend(&line, done);
  if (ms > 0) StrAppend(&line, ", ", done * 1000 / ms, "/s");
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace tributary::cli
