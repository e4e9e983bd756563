#include "benchmarks/end_to_end/bench_server.h"

#include <filesystem>

#include "benchmarks/end_to_end/measure.h"
#include "graph/model/status.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace tributary::bench {
namespace {

absl::StatusOr<std::unique_ptr<Store>> OpenBare(const std::string& path) {
  RocksDbOptions options;
  options.path = path;
  options.create_if_missing = true;
  return OpenRocksDbStore(options);
}

// Passes everything on, and shows each batch to the capture.
class CapturingStore final : public Store {
 public:
  CapturingStore(std::unique_ptr<Store> store, Capture* capture)
      : store_(std::move(store)), capture_(capture) {}

  absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot() override {
    return store_->TakeSnapshot();
  }
  absl::Status Commit(const WriteBatch& batch) override {
    capture_->Add(batch);
    return store_->Commit(batch);
  }
  absl::Status CopyTo(const std::string& path) override { return store_->CopyTo(path); }
  absl::Status VerifyChecksums() override { return store_->VerifyChecksums(); }
  absl::Status Compact() override { return store_->Compact(); }
  std::vector<FamilySize> ApproximateSizes() override { return store_->ApproximateSizes(); }

 private:
  std::unique_ptr<Store> store_;
  Capture* capture_;
};

// Ledgers of one run in a directory; nothing is found again by another.
class BenchHome final : public server::LedgerHome {
 public:
  BenchHome(std::string directory, Capture* capture)
      : directory_(std::move(directory)), capture_(capture) {}

  absl::StatusOr<std::vector<std::string>> List() override { return std::vector<std::string>(); }
  absl::StatusOr<std::unique_ptr<Ledger>> Open(const std::string& name) override {
    return absl::NotFoundError(name);
  }
  absl::StatusOr<std::unique_ptr<Ledger>> Create(const Record& record,
                                                 std::optional<TimeMs> time) override {
    const std::string path = directory_ + "/" + record.ledger;
    std::filesystem::create_directories(path);
    TRIBUTARY_ASSIGN_OR_RETURN(auto store, OpenBare(path + "/store"));
    TRIBUTARY_ASSIGN_OR_RETURN(
        auto anchor, Anchor::Create(PosixFileIo(), path + "/anchor", Sha256(record.ledger), 1));
    return Ledger::Create(std::make_unique<CapturingStore>(std::move(store), capture_),
                          std::move(anchor), record, time, {});
  }
  absl::StatusOr<std::unique_ptr<Store>> MakeScratch() override {
    return absl::UnimplementedError("not measured");
  }
  absl::StatusOr<Backup> MakeBackup(Ledger&, const std::string&, const CancelToken&) override {
    return absl::UnimplementedError("not measured");
  }
  std::uint64_t DiskSize(const std::string&) override { return 0; }

 private:
  std::string directory_;
  Capture* capture_;
};

}  // namespace

void Capture::Start() {
  std::lock_guard lock(mutex_);
  on_ = true;
}
std::vector<WriteBatch> Capture::Take() {
  std::lock_guard lock(mutex_);
  on_ = false;
  return std::move(batches_);
}
void Capture::Add(const WriteBatch& batch) {
  std::lock_guard lock(mutex_);
  if (on_) batches_.push_back(batch);
}

BenchServer::BenchServer(const std::string& directory) : directory_(directory) {
  auto ledgers =
      server::Ledgers::Open(std::make_unique<BenchHome>(directory_ + "/ledgers", &capture_));
  Require(ledgers.ok(), "ledgers");
  ledgers_ = *std::move(ledgers);
  auto started = server::RpcServer::Start({.listen = "127.0.0.1:0"}, *ledgers_, limits_);
  Require(started.ok(), started.status().ToString());
  server_ = *std::move(started);
}

BenchServer::~BenchServer() { server_->Shutdown(std::chrono::seconds(5)); }

std::string BenchServer::address() const { return "127.0.0.1:" + std::to_string(server_->port()); }

double BenchServer::ReplayBare(const std::vector<WriteBatch>& batches) {
  auto store = OpenBare(directory_ + "/bare" + std::to_string(bare_count_++));
  Require(store.ok(), "bare store");
  std::vector<WriteBatch> bare;  // what the bare engine need not check is taken out first
  for (const WriteBatch& batch : batches) {
    WriteBatch& copy = bare.emplace_back();
    for (const auto& operation : batch.operations()) {
      if (operation.value.has_value()) {
        copy.Put(operation.family, operation.row, operation.column, *operation.value);
      }
    }
  }
  return SecondsOf([&] {
    for (const WriteBatch& batch : bare) Require((*store)->Commit(batch).ok(), "bare commit");
  });
}

}  // namespace tributary::bench
