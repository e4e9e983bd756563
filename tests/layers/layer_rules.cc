#include "tests/layers/layer_rules.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tributary::test {
namespace {

using Names = std::vector<std::string_view>;

std::string Concat(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

constexpr std::string_view kAny;  // in a row: every folder, every library

// One folder: the project folders and the outside libraries that it and what lies below it may
// include. The row with the longest matching folder decides.
struct Row {
  std::string_view folder;
  Names project;
  Names libraries;
};

const std::vector<Row>& Rows() {
  static const auto& rows = *new std::vector<Row>{
      {"graph/model", {"graph/model"}, {"absl", "openssl"}},
      {"graph/merkle", {"graph/model", "graph/merkle"}, {"absl", "openssl"}},
      {"graph/map", {"graph/model", "graph/map"}, {"absl", "openssl"}},
      {"graph/signature", {"graph/model", "graph/signature"}, {"absl", "openssl"}},
      {"graph/log",
       {"graph/model", "graph/merkle", "graph/signature", "graph/log"},
       {"absl", "openssl"}},
      {"graph/proof",
       {"graph/model", "graph/lineage", "graph/merkle", "graph/signature", "graph/log",
        "graph/attribution", "graph/proof"},
       {"absl", "openssl"}},
      {"graph/lineage", {"graph/model", "graph/lineage"}, {"absl", "openssl", "boost"}},
      {"graph/attribution",
       {"graph/model", "graph/lineage", "graph/attribution"},
       {"absl", "openssl", "boost"}},
      {"graph/settlement",
       {"graph/model", "graph/lineage", "graph/merkle", "graph/attribution", "graph/settlement"},
       {"absl", "openssl"}},
      {"storage/rocksdb",
       {"graph/model", "graph/lineage", "graph/merkle", "storage"},
       {"absl", "openssl", "posix", "rocksdb"}},
      {"storage",
       {"graph/model", "graph/lineage", "graph/merkle", "storage"},
       {"absl", "openssl", "posix"}},
      {"proto", {}, {"absl", "protobuf", "grpc"}},
      {"server/rpc",
       {"graph", "storage", "server"},
       {"absl", "openssl", "posix", "proto", "protobuf", "grpc", "json", "spdlog"}},
      {"server",
       {"graph", "storage", "server"},
       {"absl", "openssl", "posix", "proto", "protobuf", "json", "spdlog", "cli11"}},
      {"client/lib",
       {"graph", "client/lib"},
       {"absl", "openssl", "posix", "proto", "protobuf", "grpc", "json"}},
      {"client",
       {"graph", "client"},
       {"absl", "openssl", "posix", "proto", "protobuf", "json", "spdlog", "cli11"}},
      {"tests", {kAny}, {kAny}},
      {"benchmarks", {kAny}, {kAny}},
  };
  return rows;
}

// Where a library's headers are found, and the prefix of its CMake targets.
struct Library {
  std::string_view name;
  std::string_view header_prefix;
  std::string_view target_prefix;
};

constexpr std::array kLibraries = {
    Library{"absl", "absl/", "absl::"},
    Library{"openssl", "openssl/", "OpenSSL::"},
    Library{"boost", "boost/", "Boost::"},
    Library{"rocksdb", "rocksdb/", "RocksDB::"},
    Library{"grpc", "grpcpp/", "gRPC::"},
    Library{"grpc", "grpc/", "gRPC::"},
    Library{"protobuf", "google/", "protobuf::"},
    Library{"proto", "tributary/v1/", "tributary_proto"},
    Library{"json", "nlohmann/", "nlohmann_json::"},
    Library{"spdlog", "spdlog/", "spdlog::"},
    Library{"cli11", "CLI/", "CLI11::"},
    Library{"posix", "sys/", "Threads::"},
};

// The exact core reads no clock, starts no thread, opens no file and follows no locale.
constexpr std::array<std::string_view, 15> kNotInGraph = {
    "chrono", "condition_variable", "ctime",        "filesystem", "fstream",
    "future", "iostream",           "locale",       "mutex",      "random",
    "regex",  "semaphore",          "shared_mutex", "stop_token", "thread"};

// Makes a subgraph a graph of Boost's: the one header that names Boost, for .cc files alone.
constexpr std::string_view kBoostAdapter = "graph/lineage/subgraph_graph.h";

bool IsWithin(std::string_view path, std::string_view folder) {
  return folder == kAny || path == folder ||
         (path.starts_with(folder) && path[folder.size()] == '/');
}

const Row* FindRow(std::string_view path) {
  const Row* best = nullptr;
  for (const Row& row : Rows()) {
    if (!IsWithin(path, row.folder)) continue;
    if (best == nullptr || row.folder.size() > best->folder.size()) best = &row;
  }
  return best;
}

bool Allows(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view allowed) { return allowed == kAny || allowed == name; });
}

bool AllowsFolder(const Names& folders, std::string_view path) {
  return std::any_of(folders.begin(), folders.end(),
                     [&](std::string_view folder) { return IsWithin(path, folder); });
}

bool IsProjectPath(std::string_view header) {
  constexpr std::array<std::string_view, 6> kFolders = {"graph",  "storage", "server",
                                                        "client", "tests",   "benchmarks"};
  return std::any_of(kFolders.begin(), kFolders.end(),
                     [&](std::string_view folder) { return IsWithin(header, folder); });
}

// The library a header belongs to; empty for the standard library, absent where nobody knows it.
std::optional<std::string_view> LibraryOf(std::string_view header) {
  if (header.ends_with(".grpc.pb.h")) return "grpc";
  for (const Library& library : kLibraries) {
    if (header.starts_with(library.header_prefix)) return library.name;
  }
  if (header.find('/') != std::string_view::npos) return std::nullopt;
  return header.ends_with(".h") ? "posix" : "";
}

std::optional<std::string> WrongStandardHeader(std::string_view path, std::string_view header) {
  if (!IsWithin(path, "graph")) return std::nullopt;
  if (std::find(kNotInGraph.begin(), kNotInGraph.end(), header) == kNotInGraph.end()) {
    return std::nullopt;
  }
  return Concat({"<", header, ">: graph has no I/O, clock, thread or locale"});
}

std::optional<std::string> WrongLibrary(const Row& row, std::string_view path,
                                        std::string_view header) {
  if (Allows(row.libraries, kAny)) return std::nullopt;
  const std::optional<std::string_view> library = LibraryOf(header);
  if (!library) return Concat({header, ": of no library that the layers know"});
  if (library->empty()) return WrongStandardHeader(path, header);
  if (!Allows(row.libraries, *library)) {
    return Concat({header, ": ", row.folder, " does not include ", *library});
  }
  if (*library == "boost" && !path.ends_with(".cc") && path != kBoostAdapter) {
    return Concat({header, ": Boost stays in .cc files and in ", kBoostAdapter});
  }
  return std::nullopt;
}

std::optional<std::string> WrongInclude(const Row& row, std::string_view path,
                                        std::string_view header) {
  if (!IsProjectPath(header)) return WrongLibrary(row, path, header);
  if (header == kBoostAdapter && path.ends_with(".h")) {
    return Concat({header, ": brings Boost, so only .cc files include it"});
  }
  if (AllowsFolder(row.project, header)) return std::nullopt;
  return Concat({header, ": ", row.folder, " does not include this folder"});
}

// `line` without `prefix` and the blanks before it; absent where it starts otherwise.
std::optional<std::string_view> After(std::string_view line, std::string_view prefix) {
  const std::size_t start = std::min(line.find_first_not_of(" \t"), line.size());
  line.remove_prefix(start);
  if (!line.starts_with(prefix)) return std::nullopt;
  return line.substr(prefix.size());
}

// The text between the quotes or brackets of an #include line, else nothing.
std::optional<std::string_view> IncludedHeader(std::string_view line) {
  const std::optional<std::string_view> directive = After(line, "#");
  if (!directive) return std::nullopt;
  const std::optional<std::string_view> argument = After(*directive, "include");
  if (!argument) return std::nullopt;
  for (const auto& [open, close] : {std::pair("\"", '"'), std::pair("<", '>')}) {
    if (const auto name = After(*argument, open)) return name->substr(0, name->find(close));
  }
  return std::nullopt;
}

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool ContainsWord(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool starts = at == 0 || !IsWordCharacter(text[at - 1]);
    const bool ends = end == text.size() || !IsWordCharacter(text[end]);
    if (starts && ends) return true;
  }
  return false;
}

// Grains, weights and amounts are exact: no binary fraction may come near them.
std::optional<std::string> WrongToken(std::string_view path, std::string_view line) {
  if (!IsWithin(path, "graph")) return std::nullopt;
  const std::string_view code = line.substr(0, line.find("//"));
  for (const std::string_view word : {"float", "double"}) {
    if (ContainsWord(code, word)) return Concat({"'", word, "': graph computes exactly"});
  }
  return std::nullopt;
}

std::optional<std::string> WrongLink(const Row& row, const std::string& target,
                                     const TargetFolders& targets) {
  if (target == "tributary_flags") return std::nullopt;  // warnings and include paths
  for (const Library& library : kLibraries) {
    if (!target.starts_with(library.target_prefix)) continue;
    if (Allows(row.libraries, library.name)) return std::nullopt;
    return Concat({row.folder, " does not link ", target});
  }
  const auto own = targets.find(target);
  if (own == targets.end()) return Concat({target, ": of no library that the layers know"});
  for (const std::string& folder : own->second) {
    if (AllowsFolder(row.project, folder)) continue;
    return Concat({row.folder, " does not link ", target, ", which has sources in ", folder});
  }
  return std::nullopt;
}

}  // namespace

std::vector<Violation> LayerViolations(std::string_view path, std::string_view contents) {
  const Row* row = FindRow(path);
  if (row == nullptr) return {{0, "stands in a folder that the layers do not know"}};
  std::vector<Violation> violations;
  std::istringstream lines{std::string(contents)};
  std::size_t line_number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++line_number;
    const std::optional<std::string_view> header = IncludedHeader(line);
    auto reason = header ? WrongInclude(*row, path, *header) : WrongToken(path, line);
    if (reason) violations.push_back({line_number, *std::move(reason)});
  }
  return violations;
}

std::vector<Violation> LinkViolations(std::string_view folder,
                                      const std::vector<std::string>& libraries,
                                      const TargetFolders& targets) {
  const Row* row = FindRow(folder);
  if (row == nullptr) return {{0, "stands in a folder that the layers do not know"}};
  std::vector<Violation> violations;
  for (const std::string& target : libraries) {
    if (auto reason = WrongLink(*row, target, targets)) {
      violations.push_back({0, *std::move(reason)});
    }
  }
  return violations;
}

}  // namespace tributary::test
