// The tree keeps its dependency direction and its files do not grow past what a reader can hold.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/layers/layer_rules.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLineCountMax = 600;  // above it a file needs a line in ratchet.txt

struct SourceFile {
  std::string path;  // relative to the project's root
  std::string contents;
};

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<SourceFile> SourceTree() {
  const fs::path top = TRIBUTARY_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (const char* folder : {"graph", "storage", "server", "client", "tests", "benchmarks"}) {
    if (!fs::exists(top / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(top / folder)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      files.push_back({entry.path().lexically_relative(top), ReadFile(entry.path())});
    }
  }
  return files;
}

std::size_t LineCount(const SourceFile& file) {
  return static_cast<std::size_t>(std::count(file.contents.begin(), file.contents.end(), '\n'));
}

// The lines of ratchet.txt: a path and the lines it may have at most; # starts a comment.
std::map<std::string, std::size_t> Ratchet() {
  std::map<std::string, std::size_t> ratchet;
  std::istringstream in(ReadFile(fs::path(TRIBUTARY_SOURCE_DIR) / "tests/layers/ratchet.txt"));
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string path;
    std::size_t line_count = 0;
    words >> path >> line_count;
    ratchet[path] = line_count;
  }
  return ratchet;
}

TEST_CASE("layers: every include of the tree follows the table", "[layers]") {
  std::set<std::string> folders;
  for (const SourceFile& file : SourceTree()) {
    folders.insert(file.path.substr(0, file.path.find('/')));
    for (const Violation& violation : LayerViolations(file.path, file.contents)) {
      FAIL_CHECK(file.path << ":" << violation.line << ": " << violation.reason);
    }
  }
  for (const char* folder : {"graph", "storage", "server", "client", "tests"}) {
    CAPTURE(folder);
    CHECK(folders.count(folder) == 1);  // else the walk looked in the wrong place
  }
}

// One target and one folder of its sources.
struct Target {
  std::string name;
  std::string folder;
  std::vector<std::string> libraries;
};

std::vector<Target> ReadTargets(std::istream& in) {
  std::vector<Target> targets;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    Target target;
    words >> target.name >> target.folder;
    target.libraries = {std::istream_iterator<std::string>(words), {}};
    targets.push_back(std::move(target));
  }
  return targets;
}

// As "target: reason".
std::vector<std::string> WrongLinks(const std::vector<Target>& targets) {
  TargetFolders folders;
  for (const Target& target : targets) folders[target.name].insert(target.folder);
  std::vector<std::string> wrong;
  for (const Target& target : targets) {
    for (const Violation& violation : LinkViolations(target.folder, target.libraries, folders)) {
      wrong.push_back(target.name + ": " + violation.reason);
    }
  }
  return wrong;
}

TEST_CASE("layers: every target links what its row allows", "[layers]") {
  std::istringstream in(ReadFile(TRIBUTARY_LINKS_FILE));
  const std::vector<Target> targets = ReadTargets(in);
  for (const std::string& wrong : WrongLinks(targets)) FAIL_CHECK(wrong);
  std::set<std::string> names;
  for (const Target& target : targets) names.insert(target.name);
  for (const char* name :
       {"tributary_model", "tributary_settlement", "tributary_storage", "tributary_storage_rocksdb",
        "tributary_server", "tributary_rpc", "tributary_daemon", "tributaryd", "tributary_client",
        "tributary_cli", "tributary"}) {
    CAPTURE(name);
    CHECK(names.contains(name));
  }
}

TEST_CASE("layers: a planted include is found", "[layers]") {
  struct Planted {
    std::string_view path;
    std::string_view line;
  };
  const auto planted = GENERATE(values<Planted>({
      {"graph/model/a.cc", "#include <rocksdb/db.h>"},
      {"graph/model/a.cc", "#include \"graph/lineage/lineage_reader.h\""},
      {"graph/model/a.cc", "#include <boost/graph/topological_sort.hpp>"},
      {"graph/merkle/a.cc", "#include \"graph/attribution/attribute.h\""},
      {"graph/map/a.cc", "#include \"graph/merkle/merkle.h\""},
      {"graph/map/a.cc", "#include \"storage/store.h\""},
      {"graph/signature/a.cc", "#include \"graph/merkle/merkle.h\""},
      {"graph/signature/a.cc", "#include \"graph/log/note.h\""},
      {"graph/log/a.cc", "#include \"graph/lineage/subgraph.h\""},
      {"graph/log/a.cc", "#include <ctime>"},
      {"graph/log/a.cc", "#include <nlohmann/json.hpp>"},
      {"graph/proof/a.cc", "#include \"graph/settlement/quote.h\""},
      {"graph/merkle/a.cc", "#include \"graph/log/tiles.h\""},
      {"graph/lineage/a.h", "#include <boost/graph/graph_traits.hpp>"},
      {"graph/lineage/a.h", "#include \"graph/lineage/subgraph_graph.h\""},
      {"graph/lineage/a.cc", "#include \"graph/attribution/attribute.h\""},
      {"graph/lineage/a.cc", "#include \"storage/store.h\""},
      {"graph/lineage/a.cc", "#include <iostream>"},
      {"graph/lineage/a.cc", "  #  include   <chrono>"},
      {"graph/lineage/a.cc", "#include <unistd.h>"},
      {"graph/attribution/a.cc", "#include \"tributary/v1/lineage.pb.h\""},
      {"graph/attribution/a.cc", "#include \"graph/settlement/apportion.h\""},
      {"graph/attribution/a.cc", "  const double share = 0;"},
      {"storage/a.cc", "#include <rocksdb/db.h>"},
      {"storage/memory/a.cc", "#include \"rocksdb/db.h\""},
      {"storage/rocksdb/a.cc", "#include \"server/handlers/env.h\""},
      {"storage/rocksdb/a.cc", "#include \"graph/attribution/attribute.h\""},
      {"storage/a.cc", "#include <grpcpp/grpcpp.h>"},
      {"storage/a.cc", "#include \"tributary/v1/lineage.pb.h\""},
      {"server/handlers/a.cc", "#include <grpcpp/grpcpp.h>"},
      {"server/handlers/a.cc", "#include \"tributary/v1/lineage.grpc.pb.h\""},
      {"server/handlers/a.cc", "#include <rocksdb/db.h>"},
      {"server/main.cc", "#include \"client/lib/client.h\""},
      {"client/cli/a.cc", "#include <grpcpp/grpcpp.h>"},
      {"client/lib/a.cc", "#include \"storage/store.h\""},
      {"client/lib/a.cc", "#include \"client/cli/table.h\""},
      {"graph/model/a.cc", "#include <somebody/else.h>"},
      {"elsewhere/a.cc", "int x;"},
  }));
  CAPTURE(planted.path, planted.line);
  CHECK(LayerViolations(planted.path, planted.line).size() == 1);
}

TEST_CASE("layers: what the table allows passes", "[layers]") {
  struct Allowed {
    std::string_view path;
    std::string_view line;
  };
  const auto allowed = GENERATE(values<Allowed>({
      {"graph/model/a.cc", "#include <openssl/evp.h>"},
      {"graph/lineage/a.cc", "#include <boost/graph/topological_sort.hpp>"},
      {"graph/lineage/subgraph_graph.h", "#include <boost/graph/graph_traits.hpp>"},
      {"graph/attribution/a.cc", "#include \"graph/lineage/subgraph_graph.h\""},
      {"graph/attribution/a.h", "#include \"graph/lineage/lineage_subgraph.h\""},
      {"graph/attribution/a.h", "// no double, no float; doubled"},
      {"storage/a.cc", "#include \"graph/merkle/merkle_tree.h\""},
      {"storage/rocksdb/a.cc", "#include <rocksdb/db.h>"},
      {"server/rpc/a.cc", "#include <grpcpp/grpcpp.h>"},
      {"server/convert/a.cc", "#include \"tributary/v1/lineage.pb.h\""},
      {"client/lib/a.cc", "#include \"tributary/v1/lineage.grpc.pb.h\""},
      {"client/cli/a.cc", "#include \"client/lib/client.h\""},
      {"tests/storage/a_test.cc", "#include <rocksdb/db.h>"},
  }));
  CAPTURE(allowed.path, allowed.line);
  CHECK(LayerViolations(allowed.path, allowed.line).empty());
}

TEST_CASE("layers: a planted link is found", "[layers]") {
  constexpr std::string_view kSound =
      "model graph/model tributary_flags OpenSSL::Crypto absl::status\n"
      "settlement graph/settlement model\n"
      "store storage model Threads::Threads\n"
      "engine storage/rocksdb store RocksDB::rocksdb-shared\n"
      "tributary_proto proto protobuf::libprotobuf gRPC::grpc++\n"
      "server server/handlers settlement store tributary_proto\n"
      "server server settlement store tributary_proto\n"
      "rpc server/rpc server gRPC::grpc++\n"
      "daemon server server engine rpc CLI11::CLI11\n"
      "client client/lib model settlement tributary_proto\n"
      "cli client/cli client CLI11::CLI11\n";
  struct Planted {
    std::string_view name;
    std::string_view line;
  };
  const auto planted = GENERATE(values<Planted>({
      {"the core with gRPC", "bad graph/model gRPC::grpc++"},
      {"the core with storage", "bad graph/settlement model store"},
      {"the core with the wire contract", "bad graph/settlement tributary_proto"},
      {"one folder of the core with a later one", "bad graph/model settlement"},
      {"storage with settlement", "bad storage model settlement"},
      {"storage with an engine's library", "bad storage RocksDB::rocksdb-shared"},
      {"storage with the server", "bad storage server"},
      {"the wire contract with the core", "bad proto model"},
      {"the client with storage", "bad client/lib client store"},
      {"the client with an engine", "bad client/lib engine"},
      {"the command line with storage", "bad client/cli cli store"},
      {"the client with the server", "bad client/lib server"},
      {"the server with the client", "bad server server client"},
      {"handlers with gRPC", "bad server/handlers gRPC::grpc++"},
      {"what nobody knows", "bad server/handlers elsewhere"},
      {"a folder that nobody knows", "bad elsewhere model"},
  }));
  CAPTURE(planted.name);
  std::istringstream sound{std::string(kSound)};
  REQUIRE(WrongLinks(ReadTargets(sound)).empty());
  std::istringstream in(std::string(kSound) + std::string(planted.line));
  const std::vector<std::string> wrong = WrongLinks(ReadTargets(in));
  REQUIRE(wrong.size() == 1);
  CHECK(wrong.front().starts_with("bad: "));
}

TEST_CASE("ratchet: no file grows past its limit", "[layers]") {
  std::map<std::string, std::size_t> ratchet = Ratchet();
  for (const SourceFile& file : SourceTree()) {
    const auto entry = ratchet.find(file.path);
    const std::size_t limit = entry == ratchet.end() ? kLineCountMax : entry->second;
    CAPTURE(file.path, limit);
    CHECK(LineCount(file) <= limit);
    if (entry == ratchet.end()) continue;
    INFO("a file of " << kLineCountMax << " lines or fewer needs no entry in ratchet.txt");
    CHECK(LineCount(file) > kLineCountMax);
    ratchet.erase(entry);
  }
  for (const auto& [path, limit] : ratchet) {
    FAIL_CHECK("ratchet.txt names " << path << ", which does not exist");
  }
}

}  // namespace
}  // namespace tributary::test
