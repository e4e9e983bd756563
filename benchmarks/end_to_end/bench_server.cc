#include "benchmarks/end_to_end/bench_server.h"

#include <filesystem>

#include "benchmarks/end_to_end/measure.h"
#include "graph/model/status.h"
#include "rocksdb/db.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace tributary::bench {
namespace {

absl::StatusOr<std::unique_ptr<Store>> OpenBare(const std::string& path) {
  RocksDbOptions options;
  options.path = path;
  options.create_if_missing = true;
  return OpenRocksDbStore(options);
}

// RocksDB as it comes, with the same families, and nothing else.
class BareDatabase {
 public:
  explicit BareDatabase(const std::string& path) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kLZ4Compression;
    rocksdb::DB* db = nullptr;
    Require(rocksdb::DB::Open(options, path, &db).ok(), "bare database");
    db_.reset(db);
    const std::vector<std::string> names = {"0", "1", "2", "3", "4", "5", "6", "7", "8"};
    static_assert(kFamilyCount <= 9);
    Require(db_->CreateColumnFamilies(options, names, &families_).ok(), "bare families");
  }
  ~BareDatabase() {
    for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
  }

  void Write(const WriteBatch& batch) {
    rocksdb::WriteBatch bare;
    std::string key;
    for (const WriteBatch::Operation& operation : batch.operations()) {
      rocksdb::ColumnFamilyHandle* family = families_[static_cast<std::size_t>(operation.family)];
      key.assign(operation.row).append(operation.column);
      if (operation.value.has_value()) bare.Put(family, key, *operation.value);
      if (!operation.value.has_value()) bare.Delete(family, key);
    }
    rocksdb::WriteOptions synced;
    synced.sync = true;
    Require(db_->Write(synced, &bare).ok(), "bare write");
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

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
  BareDatabase database(directory_ + "/bare" + std::to_string(bare_count_++));
  return SecondsOf([&] {
    for (const WriteBatch& batch : batches) database.Write(batch);
  });
}

}  // namespace tributary::bench
