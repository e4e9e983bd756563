#include "server/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "graph/model/record.h"

namespace tributary::server {
namespace {

TimeMs TimeOf(const spdlog::details::log_msg& message) {
  const auto since_epoch = message.time.time_since_epoch();
  return TimeMs{static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count())};
}

std::string_view LevelOf(const spdlog::details::log_msg& message) {
  const auto name = spdlog::level::to_string_view(message.level);
  return {name.data(), name.size()};
}

// {"level":…,"message":…,"time":…}; a message is data and may hold anything.
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    const nlohmann::json json = {
        {"time", FormatTime(TimeOf(message))},
        {"level", std::string(LevelOf(message))},
        {"message", std::string(message.payload.data(), message.payload.size())}};
    std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    text.push_back('\n');
    line.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
};

// time level message, with control characters shown as spaces so that one event stays one line.
class TextFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    std::string text = FormatTime(TimeOf(message));
    text.push_back(' ');
    text.append(LevelOf(message));
    text.push_back(' ');
    for (const char c : message.payload) {
      text.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
    }
    text.push_back('\n');
    line.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<TextFormatter>(); }
};

}  // namespace

void StartLogging(const std::string& format, const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("tributaryd",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  if (format == "json") {
    logger->set_formatter(std::make_unique<JsonFormatter>());
  } else {
    logger->set_formatter(std::make_unique<TextFormatter>());
  }
  logger->set_level(spdlog::level::from_str(level == "error" ? "err" : level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace tributary::server
