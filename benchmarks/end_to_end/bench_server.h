// A server in this process, on a real directory and a loopback port, whose commits can be captured
// and written again to a bare RocksDB: the ceiling of ingest has the same bytes and the same syncs.

#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/ledgers.h"
#include "server/limits.h"
#include "server/rpc/server.h"
#include "storage/store.h"

namespace tributary::bench {

// Batches that passed by while capturing was on.
class Capture {
 public:
  void Start();
  std::vector<WriteBatch> Take();
  void Add(const WriteBatch& batch);

 private:
  std::mutex mutex_;
  bool on_ = false;
  std::vector<WriteBatch> batches_;
};

class BenchServer {
 public:
  // Everything below `directory`, which must be empty and is the caller's to remove.
  explicit BenchServer(const std::string& directory);
  ~BenchServer();

  std::string address() const;
  Capture& capture() { return capture_; }
  const server::Ledgers& ledgers() const { return *ledgers_; }
  // Seconds that a bare RocksDB in a fresh directory takes for the same batches, each synced.
  double ReplayBare(const std::vector<WriteBatch>& batches);

 private:
  std::string directory_;
  Capture capture_;
  server::Limits limits_;
  std::unique_ptr<server::Ledgers> ledgers_;
  std::unique_ptr<server::RpcServer> server_;
  int bare_count_ = 0;
};

}  // namespace tributary::bench
