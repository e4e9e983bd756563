#include "server/directory_home.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "graph/merkle/merkle.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/anchor.h"
#include "storage/file_io.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace tributary::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPartialSuffix = "+partial";  // "+" can not be in a backup's name

absl::Status MakeDirectoryUnlessThere(const std::string& path) {
  const absl::Status made = PosixFileIo().MakeDirectory(path);
  return absl::IsAlreadyExists(made) ? absl::OkStatus() : made;
}

// For directories of ours that hold nothing worth keeping.
absl::Status RemoveTree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? FileError("remove", path, error.value()) : absl::OkStatus();
}

absl::Status MakeEmptyDirectory(const std::string& path) {
  TRIBUTARY_RETURN_IF_ERROR(RemoveTree(path));
  return PosixFileIo().MakeDirectory(path);
}

std::uint64_t TreeBytes(const std::string& path) {
  std::uint64_t size = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code vanished;  // RocksDB removes files at any time
    const std::uint64_t file_size =
        entry->is_regular_file(vanished) ? entry->file_size(vanished) : 0;
    if (!vanished) size += file_size;
  }
  return size;
}

absl::Status CheckBackupName(const std::string& name) {
  constexpr std::size_t kSizeMax = 64;
  const bool allowed = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '_' || c == '-';
  });
  if (name.empty() || name.size() > kSizeMax || name.front() == '.' || !allowed) {
    return InvalidField("name", Quoted(name),
                        "1 to 64 characters of A-Z a-z 0-9 . _ -, not beginning with a dot");
  }
  return absl::OkStatus();
}

absl::Status SyncFile(const std::string& path) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto file, PosixFileIo().Open(path, OpenMode::kReadWrite));
  return file->SyncData();
}

// Copies what is in `from` into the directory `to`, durably.
absl::Status CopyTree(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive, error);
  if (error) return FileError("copy", from, error.value());
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(to)) {
    const std::string path = entry.path().string();
    TRIBUTARY_RETURN_IF_ERROR(entry.is_directory() ? PosixFileIo().SyncDirectory(path)
                                                   : SyncFile(path));
  }
  return PosixFileIo().SyncDirectory(to);
}

// Removes its directory when the store on it is gone.
class ScratchStore final : public Store {
 public:
  ScratchStore(std::unique_ptr<Store> store, std::string path, DiskReserve reserve)
      : store_(std::move(store)), path_(std::move(path)), reserve_(std::move(reserve)) {}
  ~ScratchStore() override {
    store_.reset();
    RemoveTree(path_).IgnoreError();  // what stays is cleared at the next start
  }
  absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot() override {
    return store_->TakeSnapshot();
  }
  absl::Status Commit(const WriteBatch& batch) override {
    // What ledgers need comes first.
    TRIBUTARY_RETURN_IF_ERROR(reserve_.Check(path_));
    return store_->Commit(batch);
  }
  absl::Status CopyTo(const std::string& path) override { return store_->CopyTo(path); }
  absl::Status VerifyChecksums() override { return store_->VerifyChecksums(); }
  absl::Status Compact() override { return store_->Compact(); }
  std::vector<FamilySize> ApproximateSizes() override { return store_->ApproximateSizes(); }

 private:
  std::unique_ptr<Store> store_;
  const std::string path_;
  const DiskReserve reserve_;
};

// Paths that calls are making at this moment, each held by one of them.
class PathsInMaking {
 public:
  // One path, free again when this goes.
  class Claim {
   public:
    Claim(PathsInMaking* paths, std::string path) : paths_(paths), path_(std::move(path)) {}
    Claim(Claim&& other) noexcept
        : paths_(std::exchange(other.paths_, nullptr)), path_(std::move(other.path_)) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim() {
      if (paths_ == nullptr) return;
      const std::lock_guard lock(paths_->mutex_);
      paths_->claimed_.erase(path_);
    }

   private:
    PathsInMaking* paths_;
    std::string path_;
  };

  // nullopt: another call is making it.
  std::optional<Claim> TryClaim(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (!claimed_.insert(path).second) return std::nullopt;
    return std::optional<Claim>(std::in_place, this, path);
  }

 private:
  std::mutex mutex_;
  std::set<std::string> claimed_;
};

class DirectoryHome final : public LedgerHome {
 public:
  DirectoryHome(DirectoryHomeOptions options, std::unique_ptr<FileLock> lock)
      : options_(std::move(options)),
        ledgers_(options_.data_directory + "/ledgers"),
        creating_(options_.data_directory + "/creating"),
        scratch_(options_.data_directory + "/scratch"),
        reserve_(options_.free_space_min, options_.free_space),
        lock_(std::move(lock)) {
    // A ledger may outlive the home.
    options_.ledger.admit_write = [reserve = reserve_, path = options_.data_directory] {
      return reserve.Check(path);
    };
  }

  absl::Status Prepare() {
    TRIBUTARY_RETURN_IF_ERROR(MakeDirectoryUnlessThere(ledgers_));
    TRIBUTARY_RETURN_IF_ERROR(MakeEmptyDirectory(creating_));
    TRIBUTARY_RETURN_IF_ERROR(MakeEmptyDirectory(scratch_));
    if (!options_.anchor_directory.empty()) {
      TRIBUTARY_RETURN_IF_ERROR(MakeDirectoryUnlessThere(options_.anchor_directory));
    }
    if (!options_.backup_directory.empty()) {
      TRIBUTARY_RETURN_IF_ERROR(MakeDirectoryUnlessThere(options_.backup_directory));
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::string> names, List());
    TRIBUTARY_RETURN_IF_ERROR(CheckOpenFiles(options_.open_files, names.size()));
    return PosixFileIo().SyncDirectory(options_.data_directory);
  }

  absl::StatusOr<std::vector<std::string>> List() override {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::string> files, PosixFileIo().List(ledgers_));
    std::vector<std::string> names;
    for (const std::string& file : files) names.push_back(LedgerNameOf(file));
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::StatusOr<std::unique_ptr<Ledger>> Open(const std::string& name) override {
    const std::string directory = LedgerDirectory(name);
    return OpenAt(directory + "/store", AnchorPath(name, directory), name);
  }

  absl::StatusOr<std::unique_ptr<Ledger>> Create(const Record& ledger_record,
                                                 std::optional<TimeMs> accepted_time) override {
    const std::string& name = ledger_record.ledger;
    const auto* body = std::get_if<LedgerRecord>(&ledger_record.body);
    if (body == nullptr) return InvalidField("type", "another record", "a ledger record");
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::string> names, List());
    TRIBUTARY_RETURN_IF_ERROR(CheckOpenFiles(options_.open_files, names.size() + 1));
    TRIBUTARY_RETURN_IF_ERROR(reserve_.Check(options_.data_directory));
    const std::string making = creating_ + "/" + LedgerFileName(name);
    TRIBUTARY_RETURN_IF_ERROR(MakeEmptyDirectory(making));
    const std::string anchor_path = AnchorPath(name, making);
    if (!options_.anchor_directory.empty()) TRIBUTARY_RETURN_IF_ERROR(ClearStaleAnchor(name));
    TRIBUTARY_ASSIGN_OR_RETURN(std::unique_ptr<Store> store,
                               OpenStore(making + "/store", /*create=*/true));
    TRIBUTARY_ASSIGN_OR_RETURN(
        std::unique_ptr<Anchor> anchor,
        Anchor::Create(PosixFileIo(), anchor_path, Sha256(name), body->epoch));
    // Closed again, so that nothing holds the directory while it gets its place.
    TRIBUTARY_RETURN_IF_ERROR(Ledger::Create(std::move(store), std::move(anchor), ledger_record,
                                             accepted_time, options_.ledger)
                                  .status());
    TRIBUTARY_RETURN_IF_ERROR(PosixFileIo().SyncDirectory(making));
    TRIBUTARY_RETURN_IF_ERROR(PosixFileIo().Rename(making, LedgerDirectory(name)));
    TRIBUTARY_RETURN_IF_ERROR(PosixFileIo().SyncDirectory(ledgers_));
    return Open(name);
  }

  absl::StatusOr<std::unique_ptr<Store>> MakeScratch() override {
    TRIBUTARY_RETURN_IF_ERROR(reserve_.Check(options_.data_directory));
    const std::string path = StrCat(scratch_, "/", scratch_count_.fetch_add(1));
    TRIBUTARY_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, OpenStore(path, /*create=*/true));
    return std::unique_ptr<Store>(std::make_unique<ScratchStore>(std::move(store), path, reserve_));
  }

  absl::StatusOr<Backup> MakeBackup(Ledger& ledger, const std::string& backup_name,
                                    const CancelToken& cancel) override {
    TRIBUTARY_RETURN_IF_ERROR(CheckBackupName(backup_name));
    if (options_.backup_directory.empty()) {
      return absl::FailedPreconditionError(
          "no backup directory is configured: start the server with --backup-dir");
    }
    TRIBUTARY_RETURN_IF_ERROR(reserve_.Check(options_.backup_directory));
    const std::string parent = options_.backup_directory + "/" + LedgerFileName(ledger.name());
    const std::string final_path = parent + "/" + backup_name;
    // Before the look at what exists: two calls of one name would share its partial directory.
    const std::optional<PathsInMaking::Claim> claim = backups_.TryClaim(final_path);
    if (!claim.has_value()) {
      return FieldError(absl::StatusCode::kAborted, "name",
                        StrCat(Quoted(backup_name), ", which another call is making"),
                        "a name that no other call is making a backup of");
    }
    if (fs::exists(final_path)) {
      return FieldError(absl::StatusCode::kAlreadyExists, "name", Quoted(backup_name),
                        "a name that no backup of this ledger has");
    }
    const std::string partial = StrCat(final_path, kPartialSuffix);
    TRIBUTARY_RETURN_IF_ERROR(MakeDirectoryUnlessThere(parent));
    TRIBUTARY_RETURN_IF_ERROR(MakeEmptyDirectory(partial));
    auto verified = CopyAndVerify(ledger, partial, cancel);
    if (!verified.ok()) {
      RemoveTree(partial).IgnoreError();  // a later backup of this name clears it
      return verified.status();
    }
    TRIBUTARY_RETURN_IF_ERROR(PosixFileIo().SyncDirectory(partial));
    TRIBUTARY_RETURN_IF_ERROR(PosixFileIo().Rename(partial, final_path));
    TRIBUTARY_RETURN_IF_ERROR(PosixFileIo().SyncDirectory(parent));
    TRIBUTARY_RETURN_IF_ERROR(PosixFileIo().SyncDirectory(options_.backup_directory));
    return Backup{final_path, *std::move(verified), TreeBytes(final_path)};
  }

  std::uint64_t DiskSize(const std::string& name) override {
    return TreeBytes(LedgerDirectory(name));
  }

  // See RestoreLedger. Nothing is in its place before all of it is copied, durable and verified.
  absl::StatusOr<VerifyResult> Restore(const std::string& name, const std::string& backup) {
    TRIBUTARY_RETURN_IF_ERROR(CheckLedgerName(name));
    if (fs::exists(LedgerDirectory(name))) {
      return FieldError(absl::StatusCode::kAlreadyExists, "ledger", Quoted(name),
                        "a ledger that is not in the data directory");
    }
    const std::string making = creating_ + "/" + LedgerFileName(name);
    TRIBUTARY_RETURN_IF_ERROR(MakeEmptyDirectory(making));
    TRIBUTARY_RETURN_IF_ERROR(CopyTree(backup, making));
    VerifyResult verified;
    HeadRow head;
    std::uint64_t epoch = 0;
    {
      TRIBUTARY_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> copy,
                                 OpenAt(making + "/store", making + "/anchor", name));
      TRIBUTARY_RETURN_IF_ERROR(CheckAnchored(name, making, *copy));
      TRIBUTARY_ASSIGN_OR_RETURN(verified, VerifySound(*copy, CancelToken()));
      head = copy->head();
      epoch = copy->epoch();
    }
    TRIBUTARY_RETURN_IF_ERROR(PlaceAnchor(name, making, epoch, head));
    TRIBUTARY_RETURN_IF_ERROR(PosixFileIo().SyncDirectory(making));
    TRIBUTARY_RETURN_IF_ERROR(PosixFileIo().Rename(making, LedgerDirectory(name)));
    TRIBUTARY_RETURN_IF_ERROR(PosixFileIo().SyncDirectory(ledgers_));
    return verified;
  }

 private:
  std::string LedgerDirectory(const std::string& name) const {
    return ledgers_ + "/" + LedgerFileName(name);
  }
  std::string AnchorPath(const std::string& name, const std::string& directory) const {
    return options_.anchor_directory.empty()
               ? directory + "/anchor"
               : options_.anchor_directory + "/" + LedgerFileName(name);
  }

  absl::StatusOr<std::unique_ptr<Store>> OpenStore(const std::string& path, bool create) const {
    RocksDbOptions options;
    options.path = path;
    options.create_if_missing = create;
    options.block_cache_size = options_.block_cache_size;
    return OpenRocksDbStore(options);
  }

  absl::StatusOr<std::unique_ptr<Ledger>> OpenAt(const std::string& store_path,
                                                 const std::string& anchor_path,
                                                 const std::string& name) const {
    TRIBUTARY_ASSIGN_OR_RETURN(std::unique_ptr<Store> store,
                               OpenStore(store_path, /*create=*/false));
    auto anchor = Anchor::Open(PosixFileIo(), anchor_path, Sha256(name));
    if (absl::IsNotFound(anchor.status())) {
      // Its ledger is here, so the anchor is not absent but lost.
      return absl::DataLossError(StrCat("the anchor ", anchor_path, " is missing"));
    }
    TRIBUTARY_RETURN_IF_ERROR(anchor.status());
    return Ledger::Open(std::move(store), *std::move(anchor), options_.ledger);
  }

  // An anchor kept elsewhere may be left from a creation that a crash cut short. It is only ever
  // removed while the tree that it vouches for is empty.
  absl::Status ClearStaleAnchor(const std::string& name) const {
    const std::string path = AnchorPath(name, "");
    const auto anchor = Anchor::Open(PosixFileIo(), path, Sha256(name));
    if (absl::IsNotFound(anchor.status())) return absl::OkStatus();
    TRIBUTARY_RETURN_IF_ERROR(anchor.status());
    constexpr std::uint64_t kLedgerRecordAlone = 1;
    if ((*anchor)->head().tree_size > kLedgerRecordAlone) {
      return absl::FailedPreconditionError(
          StrCat("the anchor ", path, " vouches for ", (*anchor)->head().tree_size,
                 " records of a ledger that is not in the data directory"));
    }
    return PosixFileIo().Remove(path);
  }

  // A restored ledger must continue what an anchor kept elsewhere vouches for. An older one would
  // lose what was acknowledged since without a word; one that forked before would replace it.
  absl::Status CheckAnchored(const std::string& name, const std::string& making,
                             const Ledger& copy) const {
    if (options_.anchor_directory.empty()) return absl::OkStatus();
    const std::string path = AnchorPath(name, making);
    const auto anchor = Anchor::Open(PosixFileIo(), path, Sha256(name));
    if (absl::IsNotFound(anchor.status())) return absl::OkStatus();
    TRIBUTARY_RETURN_IF_ERROR(anchor.status());
    const AnchorHead anchored = (*anchor)->head();
    const std::uint64_t held = copy.head().tree_size.value;
    if (anchored.epoch != copy.epoch()) {
      return absl::FailedPreconditionError(StrCat("the backup is of epoch ", copy.epoch(),
                                                  ", the anchor ", path, " of epoch ",
                                                  anchored.epoch));
    }
    if (anchored.tree_size > held) {
      return absl::FailedPreconditionError(
          StrCat("the backup holds ", held, " records, but the anchor ", path, " vouches for ",
                 anchored.tree_size, ": restoring it would lose positions ", held, " to ",
                 anchored.tree_size - 1));
    }
    if (anchored.tree_size == 0) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const auto view, copy.ViewAt(std::nullopt));
    TRIBUTARY_ASSIGN_OR_RETURN(const Digest root, RootAt(*view, anchored.tree_size));
    if (root == anchored.root_hash) return absl::OkStatus();
    return absl::FailedPreconditionError(StrCat(
        "the backup is another history: at tree size ", anchored.tree_size, " its root is ",
        root.ToHex(), ", but the anchor ", path, " vouches for ", anchored.root_hash.ToHex()));
  }

  // Moves an anchor kept elsewhere to a head that CheckAnchored found to continue it.
  absl::Status PlaceAnchor(const std::string& name, const std::string& making, std::uint64_t epoch,
                           const HeadRow& head) const {
    if (options_.anchor_directory.empty()) return absl::OkStatus();  // the backup's own
    const std::string path = AnchorPath(name, making);
    auto anchor = Anchor::Open(PosixFileIo(), path, Sha256(name));
    if (absl::IsNotFound(anchor.status())) {
      anchor = Anchor::Create(PosixFileIo(), path, Sha256(name), epoch);
    }
    TRIBUTARY_RETURN_IF_ERROR(anchor.status());
    TRIBUTARY_RETURN_IF_ERROR((*anchor)->Advance({epoch, head.tree_size.value, head.root}));
    return PosixFileIo().Remove(making + "/anchor");
  }

  // The copy has the layout of a ledger and is opened like one.
  absl::StatusOr<VerifyResult> CopyAndVerify(Ledger& ledger, const std::string& directory,
                                             const CancelToken& cancel) {
    const std::string store_path = directory + "/store";
    const std::string anchor_path = directory + "/anchor";
    TRIBUTARY_ASSIGN_OR_RETURN(const HeadRow head, ledger.CopyTo(store_path));
    {
      TRIBUTARY_ASSIGN_OR_RETURN(
          const std::unique_ptr<Anchor> anchor,
          Anchor::Create(PosixFileIo(), anchor_path, Sha256(ledger.name()), ledger.epoch()));
      TRIBUTARY_RETURN_IF_ERROR(anchor->Advance({ledger.epoch(), head.tree_size.value, head.root}));
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> copy,
                               OpenAt(store_path, anchor_path, ledger.name()));
    return VerifySound(*copy, cancel);
  }

  // Verifies all of a copy. Errors: kDataLoss, there are problems; shows the first.
  absl::StatusOr<VerifyResult> VerifySound(const Ledger& copy, const CancelToken& cancel) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::unique_ptr<Store> scratch, MakeScratch());
    TRIBUTARY_ASSIGN_OR_RETURN(
        VerifyResult result,
        copy.Verify(
            scratch.get(), [](std::string_view, std::uint64_t, std::uint64_t) {}, &cancel));
    if (result.problem_count > 0) {
      return absl::DataLossError(StrCat("the copy is not sound: ", result.problem_count,
                                        " problems, the first in ", result.problems[0].where, ": ",
                                        result.problems[0].what));
    }
    return result;
  }

  DirectoryHomeOptions options_;  // fixed once constructed
  const std::string ledgers_;
  const std::string creating_;
  const std::string scratch_;
  const DiskReserve reserve_;
  const std::unique_ptr<FileLock> lock_;
  std::atomic<std::uint64_t> scratch_count_{0};
  PathsInMaking backups_;
};

}  // namespace

std::string LedgerFileName(std::string_view ledger) {
  std::string file(ledger);
  std::replace(file.begin(), file.end(), '/', '%');
  if (!file.empty() && file.front() == '.') file.front() = '=';
  return file;
}

std::string LedgerNameOf(std::string_view file_name) {
  std::string ledger(file_name);
  std::replace(ledger.begin(), ledger.end(), '%', '/');
  if (!ledger.empty() && ledger.front() == '=') ledger.front() = '.';
  return ledger;
}

namespace {

absl::StatusOr<std::unique_ptr<DirectoryHome>> OpenHome(DirectoryHomeOptions options) {
  TRIBUTARY_RETURN_IF_ERROR(MakeDirectoryUnlessThere(options.data_directory));
  TRIBUTARY_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock,
                             PosixFileIo().Lock(options.data_directory + "/LOCK"));
  auto home = std::make_unique<DirectoryHome>(std::move(options), std::move(lock));
  TRIBUTARY_RETURN_IF_ERROR(home->Prepare());
  return home;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LedgerHome>> OpenDirectoryHome(DirectoryHomeOptions options) {
  TRIBUTARY_ASSIGN_OR_RETURN(auto home, OpenHome(std::move(options)));
  return std::unique_ptr<LedgerHome>(std::move(home));
}

absl::StatusOr<VerifyResult> RestoreLedger(DirectoryHomeOptions options, const std::string& name,
                                           const std::string& backup) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto home, OpenHome(std::move(options)));
  return home->Restore(name, backup);
}

}  // namespace tributary::server
