#include "storage/rocksdb/rocksdb_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <utility>

#include "absl/strings/match.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"
#include "rocksdb/utilities/checkpoint.h"
#include "storage/engine_checks.h"
#include "storage/rocksdb/commit_marks.h"
#include "storage/rocksdb/engine_options.h"
#include "storage/rocksdb/engine_status.h"
#include "storage/rocksdb/fail_stop.h"
#include "storage/rocksdb/key_encoding.h"
#include "storage/rocksdb/torn_manifest.h"

namespace tributary {
namespace rocksdb_engine {
namespace {

using Handles = std::array<rocksdb::ColumnFamilyHandle*, kFamilyCount>;

std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// The open database with what it needs to live. Closes it when destroyed.
struct Database {
  rocksdb::WriteOptions write_options;
  std::shared_ptr<rocksdb::FileSystem> file_system;
  std::unique_ptr<rocksdb::Env> env;
  std::shared_ptr<FailStop> fail_stop = std::make_shared<FailStop>();
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> open_handles;
  Handles families{};
  std::atomic<int> live_snapshot_count = 0;
  bool checks_scans = true;

  ~Database() {
    TRIBUTARY_CHECK(live_snapshot_count == 0);  // a snapshot must not outlive its store
    if (db == nullptr) return;
    for (rocksdb::ColumnFamilyHandle* handle : open_handles) {
      db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    }
    // Everything acknowledged is in the log already; a failure to close loses nothing.
    db->Close().PermitUncheckedError();
  }

  rocksdb::ColumnFamilyHandle* HandleOf(Family family) const {
    return families[static_cast<std::size_t>(family)];
  }
};

absl::Status MultiGetOfFamily(const Database& database, const rocksdb::ReadOptions& read_options,
                              Family family, std::span<const CellKey> keys,
                              std::span<const std::size_t> positions,
                              std::vector<std::optional<std::string>>* values) {
  std::vector<std::string> encoded;
  encoded.reserve(positions.size());
  for (std::size_t position : positions) {
    encoded.push_back(EncodeKey(keys[position].row, keys[position].column));
  }
  const std::vector<rocksdb::Slice> slices(encoded.begin(), encoded.end());
  std::vector<rocksdb::PinnableSlice> found(slices.size());
  std::vector<rocksdb::Status> statuses(slices.size());
  database.db->MultiGet(read_options, database.HandleOf(family), slices.size(), slices.data(),
                        found.data(), statuses.data(),
                        /*sorted_input=*/std::is_sorted(encoded.begin(), encoded.end()));
  for (std::size_t index = 0; index < positions.size(); ++index) {
    std::optional<std::string>& value = (*values)[positions[index]];
    if (statuses[index].ok()) {
      value.emplace(found[index].data(), found[index].size());
    } else if (statuses[index].IsNotFound()) {
      value.reset();
    } else {
      return FromRocksDb(statuses[index], StrCat("read family ", FamilyName(family)));
    }
  }
  return absl::OkStatus();
}

// Fills (*values)[i] for keys[i], with one call to RocksDB per family that occurs.
absl::Status MultiGet(const Database& database, const rocksdb::ReadOptions& read_options,
                      std::span<const CellKey> keys,
                      std::vector<std::optional<std::string>>* values) {
  values->assign(keys.size(), std::nullopt);
  std::array<std::vector<std::size_t>, kFamilyCount> positions;
  for (std::size_t position = 0; position < keys.size(); ++position) {
    TRIBUTARY_RETURN_IF_ERROR(CheckBounds(keys[position]));
    positions[static_cast<std::size_t>(keys[position].family)].push_back(position);
  }
  for (std::size_t family = 0; family < kFamilyCount; ++family) {
    if (positions[family].empty()) continue;
    TRIBUTARY_RETURN_IF_ERROR(MultiGetOfFamily(database, read_options, static_cast<Family>(family),
                                               keys, positions[family], values));
  }
  return absl::OkStatus();
}

class RocksDbSnapshot : public Snapshot {
 public:
  explicit RocksDbSnapshot(Database& database)
      : database_(database),
        snapshot_(database.db->GetSnapshot()),
        read_options_(MakeReadOptions(snapshot_)) {
    ++database_.live_snapshot_count;
  }
  ~RocksDbSnapshot() override {
    database_.db->ReleaseSnapshot(snapshot_);
    --database_.live_snapshot_count;
  }

  absl::StatusOr<std::optional<std::string>> Get(const CellKey& key) const override;
  absl::Status MultiGet(std::span<const CellKey> keys,
                        std::vector<std::optional<std::string>>* values) const override {
    return rocksdb_engine::MultiGet(database_, read_options_, keys, values);
  }
  absl::StatusOr<std::vector<Cell>> Scan(const ScanRange& range) const override;
  absl::Status MultiScan(std::span<const ScanRange> ranges,
                         std::vector<std::vector<Cell>>* cells) const override;
  absl::StatusOr<std::vector<std::string>> ListRows(Family family, std::string_view start_after,
                                                    std::size_t row_count_max) const override;

 private:
  Database& database_;
  const rocksdb::Snapshot* const snapshot_;
  const rocksdb::ReadOptions read_options_;
};

absl::StatusOr<std::optional<std::string>> RocksDbSnapshot::Get(const CellKey& key) const {
  TRIBUTARY_RETURN_IF_ERROR(CheckBounds(key));
  std::string value;
  const rocksdb::Status status = database_.db->Get(read_options_, database_.HandleOf(key.family),
                                                   EncodeKey(key.row, key.column), &value);
  if (status.IsNotFound()) return std::nullopt;
  TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(status, StrCat("read family ", FamilyName(key.family))));
  return std::optional<std::string>(std::move(value));
}

// RocksDB 7.8 may end a forward walk early over a damaged file and answer OK; backward walks do
// notice. So what a scan found is counted again from its end.
absl::Status WalkBack(rocksdb::Iterator& cell, const ScanRange& range, const std::string& prefix,
                      const std::vector<Cell>& cells) {
  if (cells.size() == range.column_count_max) {
    cell.SeekForPrev(StrCat(prefix, cells.back().column));
  } else {
    cell.SeekToLast();  // below the iterator's upper bound
  }
  const std::string start_after = StrCat(prefix, range.start_after);
  std::size_t count = 0;
  for (; cell.Valid() && cell.key().starts_with(prefix) && count <= cells.size(); cell.Prev()) {
    if (!range.start_after.empty() && cell.key() == start_after) break;
    ++count;
  }
  TRIBUTARY_RETURN_IF_ERROR(
      FromRocksDb(cell.status(), StrCat("scan family ", FamilyName(range.family))));
  if (count == cells.size()) return absl::OkStatus();
  return absl::DataLossError(StrCat("family ", FamilyName(range.family), ": a scan found ",
                                    cells.size(), " cells forward and ", count,
                                    " backward: a table file is damaged"));
}

absl::StatusOr<std::vector<Cell>> RocksDbSnapshot::Scan(const ScanRange& range) const {
  TRIBUTARY_RETURN_IF_ERROR(CheckBounds(range));
  std::vector<Cell> cells;
  if (range.column_count_max == 0) return cells;
  const std::string prefix = EncodeRowPrefix(range.row);
  const std::string start = StrCat(prefix, range.start_after);
  // Without the bound the last step would walk over whatever was deleted behind the row.
  const std::optional<std::string> end = PrefixSuccessor(prefix);
  const rocksdb::Slice end_slice = end.has_value() ? rocksdb::Slice(*end) : rocksdb::Slice();
  rocksdb::ReadOptions read_options = read_options_;
  if (end.has_value()) read_options.iterate_upper_bound = &end_slice;
  const rocksdb::Slice start_slice(start);
  read_options.iterate_lower_bound = &start_slice;
  const std::unique_ptr<rocksdb::Iterator> cell(
      database_.db->NewIterator(read_options, database_.HandleOf(range.family)));
  cell->Seek(start);
  if (!range.start_after.empty() && cell->Valid() && cell->key() == start) cell->Next();
  for (; cell->Valid() && cell->key().starts_with(prefix); cell->Next()) {
    const std::string_view column = ToView(cell->key()).substr(prefix.size());
    cells.push_back({std::string(column), cell->value().ToString()});
    if (cells.size() == range.column_count_max) break;
  }
  TRIBUTARY_RETURN_IF_ERROR(
      FromRocksDb(cell->status(), StrCat("scan family ", FamilyName(range.family))));
  if (database_.checks_scans) {
    TRIBUTARY_RETURN_IF_ERROR(WalkBack(*cell, range, prefix, cells));
  }
  return cells;
}

absl::Status RocksDbSnapshot::MultiScan(std::span<const ScanRange> ranges,
                                        std::vector<std::vector<Cell>>* cells) const {
  cells->clear();
  cells->reserve(ranges.size());
  for (const ScanRange& range : ranges) {
    TRIBUTARY_ASSIGN_OR_RETURN(cells->emplace_back(), Scan(range));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> RocksDbSnapshot::ListRows(
    Family family, std::string_view start_after, std::size_t row_count_max) const {
  std::vector<std::string> rows;
  const std::unique_ptr<rocksdb::Iterator> cell(
      database_.db->NewIterator(read_options_, database_.HandleOf(family)));
  const auto seek_behind = [&](std::string_view row) {
    const std::optional<std::string> next = PrefixSuccessor(EncodeRowPrefix(row));
    if (next.has_value()) cell->Seek(*next);
    return next.has_value();
  };
  bool has_next = true;
  if (start_after.empty()) {
    cell->Seek(rocksdb::Slice(kFirstCellKey.data(), kFirstCellKey.size()));
  } else if (start_after.size() <= kRowSizeMax) {
    has_next = seek_behind(start_after);
  } else {
    return InvalidField("start_after", StrCat(start_after.size(), " bytes"),
                        StrCat("0..", kRowSizeMax));
  }
  while (has_next && cell->Valid() && rows.size() < row_count_max) {
    const std::optional<RowAndColumn> key = DecodeKey(ToView(cell->key()));
    if (!key.has_value()) {
      return absl::DataLossError(
          StrCat("family ", FamilyName(family), " holds a key that is not a row and column"));
    }
    rows.emplace_back(key->row);
    has_next = seek_behind(rows.back());
  }
  TRIBUTARY_RETURN_IF_ERROR(
      FromRocksDb(cell->status(), StrCat("list rows of family ", FamilyName(family))));
  return rows;
}

// Makes the files of a finished copy durable: RocksDB 7.8 does not sync all that it links.
absl::Status SyncCopy(rocksdb::FileSystem& files, const std::string& path) {
  const rocksdb::IOOptions io;
  std::vector<std::string> names;
  TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(files.GetChildren(path, io, &names, nullptr), path));
  for (const std::string& name : names) {
    if (name == "." || name == "..") continue;
    const std::string file_path = StrCat(path, "/", name);
    std::unique_ptr<rocksdb::FSWritableFile> file;
    TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(
        files.ReopenWritableFile(file_path, rocksdb::FileOptions(), &file, nullptr), file_path));
    TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(file->Fsync(io, nullptr), file_path));
    TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(file->Close(io, nullptr), file_path));
  }
  return absl::OkStatus();
}

absl::Status SyncDirectory(rocksdb::FileSystem& files, const std::string& path) {
  const rocksdb::IOOptions io;
  std::unique_ptr<rocksdb::FSDirectory> directory;
  TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(files.NewDirectory(path, io, &directory, nullptr), path));
  return FromRocksDb(directory->Fsync(io, nullptr), path);
}

std::string ParentOf(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::absolute(path).parent_path();
  return parent.string();
}

class RocksDbStore : public Store {
 public:
  // `commit_number` counts the commits that the database holds.
  RocksDbStore(std::unique_ptr<Database> database, std::uint64_t commit_number)
      : database_(std::move(database)), commit_number_(commit_number) {}

  absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot() override {
    return std::make_unique<RocksDbSnapshot>(*database_);
  }
  absl::Status Commit(const WriteBatch& batch) override;
  absl::Status CopyTo(const std::string& path) override;
  absl::Status VerifyChecksums() override;
  absl::Status Compact() override;
  std::vector<FamilySize> ApproximateSizes() override;
  void SetFailureListener(std::function<void(const absl::Status&)> on_failure) override {
    database_->fail_stop->SetListener(std::move(on_failure));
  }

 private:
  absl::Status CheckPreconditions(const WriteBatch& batch) const;
  // Records the failure of a write and answers with it.
  absl::Status Stop(const rocksdb::Status& status, std::string_view what);

  const std::unique_ptr<Database> database_;
  std::mutex commit_mutex_;      // between comparing a batch's preconditions and writing it
  std::uint64_t commit_number_;  // guarded by commit_mutex_
};

absl::Status RocksDbStore::CheckPreconditions(const WriteBatch& batch) const {
  std::vector<CellKey> keys;
  for (const WriteBatch::Precondition& precondition : batch.preconditions()) {
    keys.push_back({precondition.family, precondition.row, precondition.column});
  }
  std::vector<std::optional<std::string>> values;
  TRIBUTARY_RETURN_IF_ERROR(
      rocksdb_engine::MultiGet(*database_, MakeReadOptions(nullptr), keys, &values));
  for (std::size_t index = 0; index < keys.size(); ++index) {
    if (values[index] != batch.preconditions()[index].expected) {
      return PreconditionError(keys[index]);
    }
  }
  return absl::OkStatus();
}

absl::Status RocksDbStore::Stop(const rocksdb::Status& status, std::string_view what) {
  database_->fail_stop->Trip(StrCat(what, ": ", status.ToString()));
  return database_->fail_stop->Check();
}

absl::StatusOr<rocksdb::WriteBatch> EncodeBatch(const WriteBatch& batch, const Database& database) {
  rocksdb::WriteBatch encoded(batch.byte_count(), /*max_bytes=*/0, kProtectionSize,
                              /*default_cf_ts_sz=*/0);
  for (const WriteBatch::Operation& operation : batch.operations()) {
    rocksdb::ColumnFamilyHandle* family = database.HandleOf(operation.family);
    const std::string key = EncodeKey(operation.row, operation.column);
    const rocksdb::Status status = operation.value.has_value()
                                       ? encoded.Put(family, key, *operation.value)
                                       : encoded.Delete(family, key);
    TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(status, "build a write batch"));
  }
  return encoded;
}

absl::Status RocksDbStore::Commit(const WriteBatch& batch) {
  TRIBUTARY_RETURN_IF_ERROR(CheckBounds(batch));
  TRIBUTARY_ASSIGN_OR_RETURN(rocksdb::WriteBatch encoded, EncodeBatch(batch, *database_));
  std::lock_guard lock(commit_mutex_);
  TRIBUTARY_RETURN_IF_ERROR(database_->fail_stop->Check());
  const absl::Status checked = CheckPreconditions(batch);
  // A disk that can not be read is not written to either.
  if (absl::IsUnavailable(checked)) database_->fail_stop->Trip(FromAbsl(checked.message()));
  TRIBUTARY_RETURN_IF_ERROR(checked);
  if (batch.empty()) return absl::OkStatus();
  rocksdb::Status status = AddCommitMark(database_->families, commit_number_ + 1, encoded);
  if (status.ok()) status = database_->db->Write(database_->write_options, &encoded);
  if (!status.ok()) return Stop(status, "commit");
  ++commit_number_;
  return absl::OkStatus();
}

absl::Status RocksDbStore::CopyTo(const std::string& path) {
  rocksdb::FileSystem& files = *database_->file_system;
  if (files.FileExists(path, rocksdb::IOOptions(), nullptr).ok()) {
    return absl::AlreadyExistsError(StrCat("copy to ", path, ": it exists already"));
  }
  rocksdb::Checkpoint* created = nullptr;
  TRIBUTARY_RETURN_IF_ERROR(
      FromRocksDb(rocksdb::Checkpoint::Create(database_->db.get(), &created), "prepare a copy"));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(created);
  TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(
      checkpoint->CreateCheckpoint(path, /*log_size_for_flush=*/0), StrCat("copy to ", path)));
  TRIBUTARY_RETURN_IF_ERROR(SyncCopy(files, path));
  TRIBUTARY_RETURN_IF_ERROR(SyncDirectory(files, path));
  return SyncDirectory(files, ParentOf(path));
}

absl::Status RocksDbStore::VerifyChecksums() {
  const rocksdb::ReadOptions read_options = MakeReadOptions(nullptr);
  TRIBUTARY_RETURN_IF_ERROR(
      FromRocksDb(database_->db->VerifyFileChecksums(read_options), "verify files"));
  return FromRocksDb(database_->db->VerifyChecksum(read_options), "verify blocks");
}

absl::Status RocksDbStore::Compact() {
  TRIBUTARY_RETURN_IF_ERROR(database_->fail_stop->Check());
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  for (rocksdb::ColumnFamilyHandle* family : database_->families) {
    const rocksdb::Status status = database_->db->CompactRange(options, family, nullptr, nullptr);
    if (!status.ok()) return Stop(status, "compact");
  }
  return absl::OkStatus();
}

std::vector<FamilySize> RocksDbStore::ApproximateSizes() {
  std::vector<FamilySize> sizes;
  for (std::size_t index = 0; index < kFamilyCount; ++index) {
    rocksdb::ColumnFamilyHandle* family = database_->families[index];
    std::uint64_t file_size = 0;
    std::uint64_t buffer_size = 0;
    database_->db->GetIntProperty(family, rocksdb::DB::Properties::kLiveSstFilesSize, &file_size);
    database_->db->GetIntProperty(family, rocksdb::DB::Properties::kCurSizeAllMemTables,
                                  &buffer_size);
    sizes.push_back({static_cast<Family>(index), file_size + buffer_size});
  }
  return sizes;
}

// What stands in a directory that is to be opened.
struct DirectoryState {
  bool exists = false;
  bool has_current = false;  // the file that names the live manifest
  std::string data_file;     // a table or log file, if there is any
};

absl::StatusOr<DirectoryState> Inspect(rocksdb::FileSystem& files, const std::string& path) {
  DirectoryState state;
  const rocksdb::IOOptions io;
  std::vector<std::string> names;
  const rocksdb::IOStatus listed = files.GetChildren(path, io, &names, nullptr);
  if (listed.IsNotFound() || listed.IsPathNotFound()) return state;
  TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(listed, StrCat("list ", path)));
  state.exists = true;
  for (const std::string& name : names) {
    if (name == "CURRENT") state.has_current = true;
    if (absl::EndsWith(name, ".sst") || absl::EndsWith(name, ".log")) state.data_file = name;
  }
  return state;
}

// RocksDB would take a directory without CURRENT for an empty one and delete the rest.
absl::Status CheckComplete(const DirectoryState& state, const RocksDbOptions& options) {
  if (state.has_current) return absl::OkStatus();
  if (!state.data_file.empty()) {
    return absl::DataLossError(StrCat("store directory ", options.path,
                                      ": file CURRENT is missing beside ", state.data_file));
  }
  if (options.create_if_missing) return absl::OkStatus();
  return absl::NotFoundError(StrCat("store directory ", options.path, ": no database"));
}

absl::Status MakeDirectory(rocksdb::FileSystem& files, const std::string& path) {
  TRIBUTARY_RETURN_IF_ERROR(
      FromRocksDb(files.CreateDirIfMissing(path, rocksdb::IOOptions(), nullptr), path));
  ::chmod(path.c_str(), S_IRWXU);  // where that is refused, the parent's owner has decided so
  return SyncDirectory(files, ParentOf(path));
}

// RocksDB writes its info log under the process's umask; the directory is closed to others anyway.
void CloseInfoLogToOthers(const std::string& path) {
  ::chmod(StrCat(path, "/LOG").c_str(), S_IRUSR | S_IWUSR);
}

std::vector<std::string> AllFamilyNames() {
  std::vector<std::string> names;
  for (std::size_t index = 0; index < kFamilyCount; ++index) {
    names.emplace_back(FamilyName(static_cast<Family>(index)));
  }
  return names;
}

// The families that stand in the database; none before it is made. A creation that was cut short
// leaves some of them.
absl::StatusOr<std::vector<std::string>> ListFamilies(const rocksdb::DBOptions& db_options,
                                                      const DirectoryState& state,
                                                      const std::string& path) {
  std::vector<std::string> names;
  if (!state.has_current) return names;
  TRIBUTARY_RETURN_IF_ERROR(
      FromOpen(rocksdb::DB::ListColumnFamilies(db_options, path, &names), path));
  std::erase(names, rocksdb::kDefaultColumnFamilyName);
  return names;
}

// Opens the families named, beside "default", on which RocksDB insists and which stays empty.
absl::Status OpenFamilies(const rocksdb::DBOptions& db_options, const RocksDbOptions& options,
                          const std::vector<std::string>& names, Database& database) {
  const rocksdb::ColumnFamilyOptions family_options = MakeFamilyOptions(options);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors = {
      {rocksdb::kDefaultColumnFamilyName, family_options}};
  for (const std::string& name : names) descriptors.emplace_back(name, family_options);
  rocksdb::DB* db = nullptr;
  TRIBUTARY_RETURN_IF_ERROR(FromOpen(
      rocksdb::DB::Open(db_options, options.path, descriptors, &database.open_handles, &db),
      options.path));
  database.db.reset(db);
  return absl::OkStatus();
}

// Not left to DB::Open, which forgets a handle when this fails and then aborts the process.
absl::Status CreateFamilies(const RocksDbOptions& options, const std::vector<std::string>& names,
                            Database& database) {
  if (names.empty()) return absl::OkStatus();
  std::vector<rocksdb::ColumnFamilyHandle*> created;
  const rocksdb::Status status =
      database.db->CreateColumnFamilies(MakeFamilyOptions(options), names, &created);
  database.open_handles.insert(database.open_handles.end(), created.begin(), created.end());
  return FromOpen(status, options.path);
}

// Puts each handle in its family's place.
void SortHandles(Database& database) {
  const std::vector<std::string> names = AllFamilyNames();
  for (rocksdb::ColumnFamilyHandle* handle : database.open_handles) {
    const auto found = std::find(names.begin(), names.end(), handle->GetName());
    if (found == names.end()) continue;
    database.families[static_cast<std::size_t>(found - names.begin())] = handle;
  }
  for (const rocksdb::ColumnFamilyHandle* handle : database.families) {
    TRIBUTARY_CHECK(handle != nullptr);
  }
}

absl::Status OpenAllFamilies(const rocksdb::DBOptions& db_options, const RocksDbOptions& options,
                             const DirectoryState& state, Database& database) {
  std::vector<std::string> missing = AllFamilyNames();
  if (!options.create_if_missing) return OpenFamilies(db_options, options, missing, database);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                             ListFamilies(db_options, state, options.path));
  std::erase_if(missing, [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  });
  TRIBUTARY_RETURN_IF_ERROR(OpenFamilies(db_options, options, names, database));
  return CreateFamilies(options, missing, database);
}

// Whether the database is complete, seen through `view`: all families hold the same commits, and no
// table file a later one.
absl::StatusOr<bool> IsCompleteIn(const std::shared_ptr<rocksdb::FileSystem>& view,
                                  const RocksDbOptions& options) {
  Database database;
  database.env = rocksdb::NewCompositeEnv(view);
  const rocksdb::DBOptions db_options = MakeDbOptions(options, database.env.get());
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors = {
      {rocksdb::kDefaultColumnFamilyName, MakeFamilyOptions(options)}};
  for (const std::string& name : AllFamilyNames()) {
    descriptors.emplace_back(name, MakeFamilyOptions(options));
  }
  rocksdb::DB* db = nullptr;
  TRIBUTARY_RETURN_IF_ERROR(
      FromOpen(rocksdb::DB::OpenForReadOnly(db_options, options.path, descriptors,
                                            &database.open_handles, &db),
               options.path));
  database.db.reset(db);
  SortHandles(database);
  const auto commit_number = CheckCommitMarks(*db, database.families);
  if (!commit_number.ok()) return false;
  std::vector<std::string> names;
  TRIBUTARY_RETURN_IF_ERROR(FromRocksDb(
      view->GetChildren(options.path, rocksdb::IOOptions(), &names, nullptr), options.path));
  return std::none_of(names.begin(), names.end(), [&](const std::string& name) {
    return absl::EndsWith(name, ".sst") &&
           NewestCommitIn(StrCat(options.path, "/", name), database.env.get()) > *commit_number;
  });
}

// Opens the database; where RocksDB finds its manifest damaged, and a power cut may have been the
// cause, drops the torn edits and opens it again.
absl::Status OpenOrCut(const rocksdb::DBOptions& db_options, const RocksDbOptions& options,
                       const DirectoryState& state, Database& database) {
  const absl::Status opened = OpenAllFamilies(db_options, options, state, database);
  if (!absl::IsDataLoss(opened) || !state.has_current) return opened;
  const absl::Status cut = CutTornManifest(database.file_system, options.path,
                                           [&](const std::shared_ptr<rocksdb::FileSystem>& view) {
                                             return IsCompleteIn(view, options);
                                           });
  return cut.ok() ? OpenAllFamilies(db_options, options, state, database) : opened;
}

absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(const RocksDbOptions& options) {
  auto database = std::make_unique<Database>();
  database->checks_scans = !options.unsafe_no_scan_check_for_tests;
  database->write_options = MakeWriteOptions(options);
  database->file_system =
      options.file_system ? options.file_system : rocksdb::FileSystem::Default();
  database->env = rocksdb::NewCompositeEnv(database->file_system);
  TRIBUTARY_ASSIGN_OR_RETURN(const DirectoryState state,
                             Inspect(*database->file_system, options.path));
  TRIBUTARY_RETURN_IF_ERROR(CheckComplete(state, options));
  if (!state.exists) {
    TRIBUTARY_RETURN_IF_ERROR(MakeDirectory(*database->file_system, options.path));
  }
  rocksdb::DBOptions db_options = MakeDbOptions(options, database->env.get());
  db_options.listeners.push_back(std::make_shared<FailStopListener>(database->fail_stop));
  TRIBUTARY_RETURN_IF_ERROR(OpenOrCut(db_options, options, state, *database));
  SortHandles(*database);
  CloseInfoLogToOthers(options.path);
  return database;
}

}  // namespace
}  // namespace rocksdb_engine

absl::StatusOr<std::unique_ptr<Store>> OpenRocksDbStore(const RocksDbOptions& options) {
  TRIBUTARY_ASSIGN_OR_RETURN(auto database, rocksdb_engine::OpenDatabase(options));
  const auto commit_number = rocksdb_engine::CheckCommitMarks(*database->db, database->families);
  if (!commit_number.ok()) {
    return absl::Status(commit_number.status().code(),
                        ToAbsl(StrCat("store directory ", options.path, ": ",
                                      std::string(commit_number.status().message()))));
  }
  return std::make_unique<rocksdb_engine::RocksDbStore>(std::move(database), *commit_number);
}

}  // namespace tributary
