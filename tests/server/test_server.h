// A server without a socket: ledgers over the memory engine, and facts made from short words.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/env.h"
#include "server/ledgers.h"
#include "server/limits.h"
#include "server/server_info.h"
#include "server/stream.h"
#include "tributary/v1/lineage_service.pb.h"

namespace tributary::test {

inline const std::string kLedger = "test.example/server";

// Ledgers in memory, with their anchors in a temporary directory.
std::unique_ptr<server::LedgerHome> NewMemoryHome(LedgerOptions options = {});

// What handlers run in. Begins with the one ledger kLedger.
class TestServer {
 public:
  explicit TestServer(LedgerOptions options = {});

  server::Env& env() { return env_; }
  server::Ledgers& ledgers() { return *ledgers_; }
  server::Limits& limits() { return limits_; }
  CancelToken& cancel() { return cancel_; }

 private:
  std::unique_ptr<server::Ledgers> ledgers_;
  server::Limits limits_;
  server::ServerInfo info_ = server::StartedNow();
  CancelToken cancel_;
  server::Env env_;
};

// A stream of messages held in memory.
template <typename Message>
class VectorSource final : public server::Source<Message> {
 public:
  explicit VectorSource(std::vector<Message> messages) : messages_(std::move(messages)) {}
  bool Read(Message* message) override {
    if (next_ == messages_.size()) return false;
    *message = messages_[next_++];
    return true;
  }
  std::size_t read_count() const { return next_; }

 private:
  std::vector<Message> messages_;
  std::size_t next_ = 0;
};

template <typename Message>
class VectorSink final : public server::Sink<Message> {
 public:
  absl::Status Write(Message message) override {
    messages.push_back(std::move(message));
    return absl::OkStatus();
  }
  std::vector<Message> messages;
};

// The id of the test asset of this name: SHA-256 of the name.
std::string Id(std::string_view name);

// Facts. Assets have id method bare and their name as name.
v1::Fact Party(std::string_view party);
v1::Fact Asset(std::string_view name, v1::AssetKind kind);
v1::Fact Alias(std::string_view alias, std::string_view asset);
v1::Fact Holders(std::string_view asset,
                 const std::vector<std::pair<std::string, std::uint64_t>>& holders);
v1::Fact Derivation(std::string_view generated,
                    const std::vector<std::pair<std::string, std::uint64_t>>& inputs,
                    std::uint64_t retained, std::uint64_t unattributed = 0);

// Records all facts in one Ingest batch and gives its answer; fails the test unless the call is OK.
v1::IngestResponse IngestAll(server::Env& env, std::vector<v1::Fact> facts,
                             bool allow_unknown_inputs = false, bool stop_on_error = false);
// The same, and fails the test if any fact is refused.
void RecordFacts(server::Env& env, std::vector<v1::Fact> facts);

}  // namespace tributary::test
