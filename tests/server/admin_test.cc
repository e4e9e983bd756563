#include "server/handlers/admin.h"

#include <algorithm>
#include <filesystem>

#include "graph/model/status.h"
#include "server/directory_home.h"
#include "server/handlers/attribution.h"
#include "server/handlers/read.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

TEST_CASE("ledger names become file names and back", "[server]") {
  for (const std::string& name :
       {std::string("a"), std::string("lineage.example.com/acme"), std::string("."),
        std::string(".."), std::string("../etc"), std::string("/"), std::string(255, 'x')}) {
    CAPTURE(name);
    const std::string file = server::LedgerFileName(name);
    CHECK(file.size() == name.size());
    CHECK(file.find('/') == std::string::npos);
    CHECK(file.front() != '.');
    CHECK(server::LedgerNameOf(file) == name);
  }
  CHECK(server::LedgerFileName("a/b") != server::LedgerFileName("a.b"));
}

TEST_CASE("create ledger: the same request again gives the ledger that exists", "[server]") {
  TestServer server;
  v1::CreateLedgerRequest request;
  request.set_ledger("example.com/new");
  request.set_created_ms(1'700'000'000'000);
  v1::CreateLedgerResponse first;
  REQUIRE_OK(server::CreateLedger(server.env(), request, &first));
  CHECK_FALSE(first.receipt().already_recorded());
  CHECK(first.receipt().position() == 0);
  v1::CreateLedgerResponse second;
  REQUIRE_OK(server::CreateLedger(server.env(), request, &second));
  CHECK(second.receipt().already_recorded());
  CHECK(second.receipt().record_id() == first.receipt().record_id());

  request.set_created_ms(1);
  CHECK_STATUS(server::CreateLedger(server.env(), request, &second),
               absl::StatusCode::kAlreadyExists);
  request.set_ledger("not a name");
  const absl::Status status = server::CreateLedger(server.env(), request, &second);
  CHECK_STATUS(status, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(status) == "ledger");

  v1::ListLedgersResponse list;
  REQUIRE_OK(server::ListLedgers(server.env(), {}, &list));
  CHECK(std::vector<std::string>(list.ledgers().begin(), list.ledgers().end()) ==
        std::vector<std::string>{"example.com/new", kLedger});
}

TEST_CASE("status: counts what the log holds", "[server]") {
  TestServer server;
  RecordFacts(server.env(), {Asset("a", v1::ASSET_KIND_WORK), Asset("g", v1::ASSET_KIND_OUTPUT),
                             Derivation("g", {{"a", 1}}, 0)});
  v1::GetStatusRequest request;
  request.set_ledger(kLedger);
  v1::GetStatusResponse status;
  REQUIRE_OK(server::GetStatus(server.env(), request, &status));
  REQUIRE(status.ledgers_size() == 1);
  CHECK(status.ledgers(0).tree_size() == 4);
  CHECK(status.ledgers(0).asset_count() == 2);
  CHECK(status.ledgers(0).edge_count() == 1);
  CHECK(status.ledgers(0).problem().empty());
  CHECK(status.ledgers(0).record_counts(0).type() == "tributary/asset/v1");
  CHECK(status.ledgers(0).record_counts(0).count() == 2);
  request.set_ledger("no/such");
  CHECK_STATUS(server::GetStatus(server.env(), request, &status), absl::StatusCode::kNotFound);
}

TEST_CASE("verify: a sound ledger has no problems; the last message has the result", "[server]") {
  TestServer server;
  RecordFacts(server.env(), {Asset("a", v1::ASSET_KIND_WORK)});
  v1::VerifyStoreRequest request;
  request.set_ledger(kLedger);
  VectorSink<v1::VerifyStoreResponse> sink;
  REQUIRE_OK(server::VerifyStore(server.env(), request, sink));
  REQUIRE(sink.messages.back().has_result());
  CHECK(sink.messages.back().result().problem_count() == 0);
  CHECK(sink.messages.back().result().record_count() == 2);
}

// --- Export and replay ---

// A log with small and large derivations, details and a superseded record.
void RecordVariety(server::Env& env) {
  v1::Fact secretive = Party("ana");
  secretive.mutable_options()->mutable_details()->set_salt(std::string(32, 's'));
  secretive.mutable_options()->mutable_details()->set_content("Ana Example");
  const v1::IngestResponse answer =
      IngestAll(env, {secretive, Asset("w", v1::ASSET_KIND_WORK), Asset("g", v1::ASSET_KIND_OUTPUT),
                      Holders("w", {{"ana", 3}}), Derivation("g", {{"w", 1}}, 1, 1)});
  v1::Fact changed = Derivation("g", {{"w", 2}}, 1);
  changed.mutable_options()->set_supersedes(answer.results(4).receipt().record_id());
  RecordFacts(env, {changed});
}

std::vector<v1::StreamRecordsResponse> Export(server::Env& env) {
  v1::StreamRecordsRequest request;
  request.set_ledger(kLedger);
  request.set_include_edges(true);
  request.set_include_details(true);
  VectorSink<v1::StreamRecordsResponse> sink;
  REQUIRE_OK(server::StreamRecords(env, request, sink));
  REQUIRE(sink.messages.back().has_summary());
  return sink.messages;
}

std::vector<v1::ReplayLogRequest> ReplayOf(const std::vector<v1::StreamRecordsResponse>& log) {
  std::vector<v1::ReplayLogRequest> requests;
  for (const v1::StreamRecordsResponse& message : log) {
    v1::ReplayLogRequest& request = requests.emplace_back();
    request.set_ledger(kLedger);
    *request.mutable_items() = message.items();
    request.set_expected_root_hash(message.summary().root_hash());
  }
  return requests;
}

// A server without any ledger.
struct EmptyServer {
  std::unique_ptr<server::Ledgers> ledgers = server::Ledgers::Open(NewMemoryHome()).value();
  server::Limits limits;
  server::ServerInfo info = server::StartedNow();
  CancelToken cancel;
  server::Env env{*ledgers, limits, info, cancel};
};

absl::Status Replay(server::Env& env, std::vector<v1::ReplayLogRequest> requests) {
  VectorSource<v1::ReplayLogRequest> source(std::move(requests));
  v1::ReplayLogResponse response;
  return server::ReplayLog(env, source, &response);
}

TEST_CASE("replay: an exported log becomes an identical ledger", "[server][replay]") {
  TestServer original;
  RecordVariety(original.env());
  const auto log = Export(original.env());
  EmptyServer copy;
  REQUIRE_OK(Replay(copy.env, ReplayOf(log)));
  const auto copied = Export(copy.env);
  REQUIRE(copied.size() == log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    CHECK(copied[i].SerializeAsString() == log[i].SerializeAsString());
  }
  v1::AttributeAssetRequest request;
  request.set_ledger(kLedger);
  request.set_asset_id(Id("g"));
  v1::AttributeAssetResponse before;
  v1::AttributeAssetResponse after;
  REQUIRE_OK(server::AttributeAsset(original.env(), request, &before));
  REQUIRE_OK(server::AttributeAsset(copy.env, request, &after));
  CHECK(after.SerializeAsString() == before.SerializeAsString());
  CHECK_STATUS(Replay(copy.env, ReplayOf(log)), absl::StatusCode::kAlreadyExists);
}

TEST_CASE("replay: a derivation too large for one message comes in blocks", "[server][replay]") {
  TestServer original;
  std::vector<v1::Fact> works;
  std::vector<std::string> ids;
  for (int i = 0; i < 5'000; ++i) {
    works.push_back(Asset("work" + std::to_string(i), v1::ASSET_KIND_WORK));
    ids.push_back(Id("work" + std::to_string(i)));
  }
  works.push_back(Asset("pool", v1::ASSET_KIND_DATASET));
  RecordFacts(original.env(), works);
  std::sort(ids.begin(), ids.end());
  const auto ledger = original.ledgers().Find(kLedger).value();
  tributary::Record record;
  record.ledger = kLedger;
  DerivationRecord derivation;
  derivation.generated = Sha256("pool");
  derivation.retained = 7;
  record.body = derivation;
  {
    const auto stage = ledger->BeginDerivation(record, {});
    REQUIRE_OK(stage);
    for (const std::string& id : ids) {
      const Edge edge{*Digest::FromBytes(id), Role::kMember, 1, Basis::kDeclared};
      REQUIRE_OK((*stage)->Add({&edge, 1}));
    }
    REQUIRE_OK((*stage)->Finish());
  }
  const auto log = Export(original.env());
  EmptyServer copy;
  REQUIRE_OK(Replay(copy.env, ReplayOf(log)));
  CHECK(copy.ledgers->Find(kLedger).value()->head().root == ledger->head().root);
}

TEST_CASE("replay: what is out of place or changed is refused", "[server][replay]") {
  TestServer original;
  RecordVariety(original.env());
  const std::vector<v1::ReplayLogRequest> sound = ReplayOf(Export(original.env()));
  REQUIRE(sound.size() == 1);
  const auto refusal = [&sound](auto spoil) {
    std::vector<v1::ReplayLogRequest> spoilt = sound;
    spoil(spoilt[0]);
    EmptyServer copy;
    return Replay(copy.env, spoilt).code();
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  CHECK(refusal([](auto& request) { request.mutable_items()->DeleteSubrange(0, 1); }) == kInvalid);
  CHECK(refusal([](auto& request) { request.mutable_items()->SwapElements(1, 2); }) == kInvalid);
  CHECK(refusal([](auto& request) {
          request.mutable_items(1)->mutable_record()->mutable_canonical_bytes()->push_back(' ');
        }) == kInvalid);
  CHECK(refusal([](auto& request) {
          for (auto& item : *request.mutable_items()) {
            if (item.has_edges()) item.mutable_edges()->set_weights(0, 9);
          }
        }) == kInvalid);
  CHECK(refusal([](auto& request) {
          for (auto& item : *request.mutable_items()) {
            if (item.has_details()) item.mutable_details()->set_content("Ben Example");
          }
        }) == kInvalid);
  CHECK(refusal([](auto& request) {
          auto* record = request.mutable_items(request.items_size() - 2)->mutable_record();
          record->set_accepted_ms(record->accepted_ms() + 1);
        }) == absl::StatusCode::kDataLoss);
  CHECK(refusal([](auto& request) { request.set_ledger("another/name"); }) == kInvalid);
}

// --- The data directory ---

tributary::Record LedgerRecordOf(const std::string& name) {
  tributary::Record record;
  record.ledger = name;
  record.body = LedgerRecord{};
  return record;
}

TEST_CASE("directory home: one server at a time; ledgers are found again", "[server]") {
  TempDirectory directory;
  server::DirectoryHomeOptions options;
  options.data_directory = directory.path() + "/data";
  options.backup_directory = directory.path() + "/backups";
  Digest root;
  {
    auto home = server::OpenDirectoryHome(options);
    REQUIRE_OK(home);
    CHECK_STATUS(server::OpenDirectoryHome(options), absl::StatusCode::kFailedPrecondition);
    const auto ledgers = server::Ledgers::Open(*std::move(home));
    REQUIRE_OK(ledgers);
    const auto made = (*ledgers)->Create(LedgerRecordOf("../a/b"), std::nullopt);
    REQUIRE_OK(made);
    CHECK(made->created);
    CHECK_FALSE((*ledgers)->Create(LedgerRecordOf("../a/b"), std::nullopt)->created);
    root = made->ledger->head().root;
  }
  const auto ledgers = server::Ledgers::Open(server::OpenDirectoryHome(options).value());
  REQUIRE_OK(ledgers);
  CHECK((*ledgers)->Names() == std::vector<std::string>{"../a/b"});
  CHECK((*ledgers)->Find("../a/b").value()->head().root == root);
  CHECK((*ledgers)->home().DiskSize("../a/b") > 0);
}

TEST_CASE("directory home: a backup opens as a ledger and its name is taken", "[server]") {
  TempDirectory directory;
  server::DirectoryHomeOptions options;
  options.data_directory = directory.path() + "/data";
  options.backup_directory = directory.path() + "/backups";
  auto ledgers = server::Ledgers::Open(server::OpenDirectoryHome(options).value()).value();
  const auto ledger = ledgers->Create(LedgerRecordOf("a"), std::nullopt).value().ledger;
  CancelToken cancel;
  const auto backup = ledgers->home().MakeBackup(*ledger, "first", cancel);
  REQUIRE_OK(backup);
  CHECK(backup->verified.root_hash == ledger->head().root);
  CHECK(backup->size > 0);
  CHECK_STATUS(ledgers->home().MakeBackup(*ledger, "first", cancel),
               absl::StatusCode::kAlreadyExists);
  for (const char* name : {"", ".hidden", "a/b", "a+partial"}) {
    CHECK_STATUS(ledgers->home().MakeBackup(*ledger, name, cancel),
                 absl::StatusCode::kInvalidArgument);
  }
  // Restoring is copying the directory to where ledgers stand.
  server::DirectoryHomeOptions restored = options;
  restored.data_directory = directory.path() + "/restored";
  { REQUIRE_OK(server::OpenDirectoryHome(restored)); }
  std::filesystem::copy(backup->directory, restored.data_directory + "/ledgers/a",
                        std::filesystem::copy_options::recursive);
  const auto again = server::Ledgers::Open(server::OpenDirectoryHome(restored).value()).value();
  REQUIRE_OK(again->Find("a"));
  CHECK(again->Find("a").value()->head().root == ledger->head().root);
}

// The ledgers of a data directory, and what handlers run in over them.
struct DirectoryServer {
  explicit DirectoryServer(const server::DirectoryHomeOptions& options)
      : ledgers(server::Ledgers::Open(server::OpenDirectoryHome(options).value()).value()) {}

  std::unique_ptr<server::Ledgers> ledgers;
  server::Limits limits;
  server::ServerInfo info = server::StartedNow();
  CancelToken cancel;
  server::Env env{*ledgers, limits, info, cancel};
};

// Attributions of one asset as of two tree sizes, in both views, as bytes of the wire.
std::string AttributionBytes(server::Env& env, std::uint64_t tree_size) {
  std::string bytes;
  for (const std::uint64_t at : {tree_size, tree_size - 1}) {
    for (const auto view : {v1::ATTRIBUTION_VIEW_ASSETS, v1::ATTRIBUTION_VIEW_PAYEES}) {
      v1::AttributeAssetRequest request;
      request.set_ledger(kLedger);
      request.set_asset_id(Id("g"));
      request.set_view(view);
      request.set_describe(true);
      request.mutable_at()->set_tree_size(at);
      v1::AttributeAssetResponse response;
      REQUIRE_OK(server::AttributeAsset(env, request, &response));
      bytes += response.SerializeAsString();
    }
  }
  return bytes;
}

TEST_CASE("directory home: an attribution has the same bytes wherever its ledger is",
          "[server][replay]") {
  TempDirectory directory;
  server::DirectoryHomeOptions options;
  options.data_directory = directory.path() + "/data";
  options.backup_directory = directory.path() + "/backups";
  std::string bytes;
  std::uint64_t tree_size = 0;
  {
    DirectoryServer first(options);
    REQUIRE_OK(first.ledgers->Create(LedgerRecordOf(kLedger), std::nullopt));
    RecordVariety(first.env);
    tree_size = first.ledgers->Find(kLedger).value()->head().tree_size.value;
    bytes = AttributionBytes(first.env, tree_size);
    REQUIRE(bytes.size() > 500);
  }
  std::string backup;
  EmptyServer replayed;
  {
    DirectoryServer restarted(options);
    CHECK(AttributionBytes(restarted.env, tree_size) == bytes);
    const auto ledger = restarted.ledgers->Find(kLedger).value();
    REQUIRE_OK(ledger->Compact());
    CHECK(AttributionBytes(restarted.env, tree_size) == bytes);
    const auto made = restarted.ledgers->home().MakeBackup(*ledger, "whole", restarted.cancel);
    REQUIRE_OK(made);
    backup = made->directory;
    REQUIRE_OK(Replay(replayed.env, ReplayOf(Export(restarted.env))));
    // Recorded after the backup: of it the states before know nothing.
    RecordFacts(restarted.env, {Asset("later", v1::ASSET_KIND_WORK)});
    CHECK(AttributionBytes(restarted.env, tree_size) == bytes);
  }
  CHECK(AttributionBytes(replayed.env, tree_size) == bytes);

  server::DirectoryHomeOptions elsewhere = options;
  elsewhere.data_directory = directory.path() + "/restored";
  const auto verified = server::RestoreLedger(elsewhere, kLedger, backup);
  REQUIRE_OK(verified);
  CHECK(verified->problem_count == 0);
  DirectoryServer restored(elsewhere);
  CHECK(restored.ledgers->Find(kLedger).value()->head().tree_size.value == tree_size);
  CHECK(AttributionBytes(restored.env, tree_size) == bytes);
}

TEST_CASE("directory home: a ledger without its anchor is refused, the others serve", "[server]") {
  TempDirectory directory;
  server::DirectoryHomeOptions options;
  options.data_directory = directory.path() + "/data";
  {
    auto ledgers = server::Ledgers::Open(server::OpenDirectoryHome(options).value()).value();
    REQUIRE_OK(ledgers->Create(LedgerRecordOf("sound"), std::nullopt));
    REQUIRE_OK(ledgers->Create(LedgerRecordOf("damaged"), std::nullopt));
  }
  std::filesystem::remove(options.data_directory + "/ledgers/damaged/anchor");
  const auto ledgers = server::Ledgers::Open(server::OpenDirectoryHome(options).value()).value();
  REQUIRE_OK(ledgers->Find("sound"));
  CHECK_STATUS(ledgers->Find("damaged"), absl::StatusCode::kDataLoss);
  CHECK_STATUS(ledgers->Create(LedgerRecordOf("damaged"), std::nullopt),
               absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace tributary::test
