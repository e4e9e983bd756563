// Log lines of the server: one event a line on standard error, as text or JSON.

#pragma once

#include <string>

namespace tributary::server {

// `format` is "text" or "json", `level` one of debug, info, warn, error, off.
void StartLogging(const std::string& format, const std::string& level);

}  // namespace tributary::server
