#include "storage/rocksdb/commit_marks.h"

#include <memory>
#include <vector>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "rocksdb/sst_file_reader.h"
#include "storage/rocksdb/engine_options.h"
#include "storage/rocksdb/engine_status.h"
#include "storage/rocksdb/key_encoding.h"
#include "storage/store.h"

namespace tributary::rocksdb_engine {
namespace {

// Descending, at most three: more than two are too many.
absl::StatusOr<std::vector<std::uint64_t>> ReadCommitMarks(rocksdb::DB& db, FamilyHandles families,
                                                           Family family) {
  const std::unique_ptr<rocksdb::Iterator> mark(
      db.NewIterator(MakeReadOptions(nullptr), families[static_cast<std::size_t>(family)]));
  std::vector<std::uint64_t> commits;
  // Backward, since a forward walk may end early over a damaged file.
  mark->SeekForPrev(EncodeCommitMark(~std::uint64_t{0}));
  for (; mark->Valid() && commits.size() < 3; mark->Prev()) {
    const auto commit = DecodeCommitMark({mark->key().data(), mark->key().size()});
    if (!commit.has_value()) {
      return absl::DataLossError(StrCat("family ", FamilyName(family), " holds an unknown key"));
    }
    commits.push_back(*commit);
  }
  TRIBUTARY_RETURN_IF_ERROR(
      FromRocksDb(mark->status(), StrCat("read family ", FamilyName(family))));
  return commits;
}

// The number of commits that the family holds.
absl::StatusOr<std::uint64_t> CountCommits(rocksdb::DB& db, FamilyHandles families, Family family) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto marks, ReadCommitMarks(db, families, family));
  if (marks.empty()) return 0;
  if (marks.size() == 2 && marks[1] == 0) return marks[0];
  const std::uint64_t before = marks.size() > 1 ? marks[1] : 0;
  return absl::DataLossError(StrCat("family ", FamilyName(family), ": of the commits from ",
                                    before + 1, " to ", marks[0],
                                    ", some are missing: the log or the manifest is damaged"));
}

}  // namespace

rocksdb::Status AddCommitMark(FamilyHandles families, std::uint64_t commit,
                              rocksdb::WriteBatch& batch) {
  for (rocksdb::ColumnFamilyHandle* family : families) {
    rocksdb::Status status = batch.Put(family, EncodeCommitMark(commit), "");
    if (status.ok() && commit == 1) status = batch.Put(family, EncodeCommitMark(0), "");
    // Written once and deleted once, so both vanish where they meet and no tombstone is left.
    if (status.ok() && commit > 1) {
      status = batch.SingleDelete(family, EncodeCommitMark(commit - 1));
    }
    if (!status.ok()) return status;
  }
  return rocksdb::Status::OK();
}

absl::StatusOr<std::uint64_t> CheckCommitMarks(rocksdb::DB& db, FamilyHandles families) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t expected, CountCommits(db, families, Family{0}));
  for (std::size_t index = 1; index < kFamilyCount; ++index) {
    const auto family = static_cast<Family>(index);
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t found, CountCommits(db, families, family));
    if (found == expected) continue;
    return absl::DataLossError(StrCat("family ", FamilyName(family), " stands at commit ", found,
                                      ", family ", FamilyName(Family{0}), " at ", expected,
                                      ": commits are missing, the log or the manifest is damaged"));
  }
  return expected;
}

std::uint64_t NewestCommitIn(const std::string& table_path, rocksdb::Env* env) {
  rocksdb::Options options;
  options.env = env;
  rocksdb::SstFileReader table(options);
  if (!table.Open(table_path).ok()) return 0;
  const std::unique_ptr<rocksdb::Iterator> mark(table.NewIterator(MakeReadOptions(nullptr)));
  mark->SeekForPrev(EncodeCommitMark(~std::uint64_t{0}));
  if (!mark->Valid()) return 0;
  return DecodeCommitMark({mark->key().data(), mark->key().size()}).value_or(0);
}

}  // namespace tributary::rocksdb_engine
