#include "tests/support/crash_image.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/model/check.h"
#include "storage/file_io.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSectorSize = 512;

// Which of the things that are not durable took place.
enum class Survival { kNone, kAll, kPrefix, kSubset };

Survival ChooseSurvival(Rng& rng) { return static_cast<Survival>(rng.Below(4)); }

// Says of `count` things, in order, which took place.
std::vector<bool> ChooseSurvivors(Survival survival, std::size_t count, Rng& rng) {
  std::vector<bool> survivors(count, survival == Survival::kAll);
  if (survival == Survival::kPrefix) {
    std::fill_n(survivors.begin(), rng.Below(count + 1), true);
  }
  if (survival == Survival::kSubset) {
    for (std::size_t i = 0; i < count; ++i) survivors[i] = rng.OneIn(2);
  }
  return survivors;
}

// One write or truncation. Views into the recording.
struct Change {
  bool is_truncation = false;
  std::uint64_t offset = 0;  // the new size of a truncation
  std::string_view bytes;
  bool is_durable = false;
};

struct FileState {
  std::string_view initial_bytes;
  std::vector<Change> changes;
  std::size_t unsettled_begin = 0;  // changes from here on have seen no sync

  void Settle(bool is_durable) {
    for (; unsettled_begin < changes.size(); ++unsettled_begin) {
      changes[unsettled_begin].is_durable = is_durable;
    }
  }
};

struct NameChange {
  const RecordedStep* step;
  bool is_durable = false;
};

// A parent's path; names directly in the root have the empty one.
std::string ParentOf(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// Everything as of a cut, with what is durable told apart.
class Replay {
 public:
  Replay(const Recording& recording, std::size_t cut, const CrashModel& model) : model_(model) {
    TRIBUTARY_CHECK(cut <= recording.steps.size());
    for (const auto& [file, bytes] : recording.initial_bytes) files_[file].initial_bytes = bytes;
    for (std::size_t index = 0; index < cut; ++index) Take(recording.steps[index]);
  }

  const std::map<FileId, FileState>& files() const { return files_; }
  const std::vector<NameChange>& name_changes() const { return name_changes_; }

 private:
  void Take(const RecordedStep& step) {
    switch (step.operation) {
      case FileOperation::kWrite:
        files_[step.file].changes.push_back({false, step.offset, step.bytes});
        return;
      case FileOperation::kTruncate:
        files_[step.file].changes.push_back({true, step.offset, {}});
        return;
      case FileOperation::kSync:
        files_[step.file].Settle(!step.is_failed);
        if (!step.is_failed && model_.file_sync_keeps_name) KeepCreation(step.file);
        return;
      case FileOperation::kSyncDirectory:
        KeepNamesIn(step.path);
        return;
      default:
        unsettled_names_.push_back(name_changes_.size());
        name_changes_.push_back({&step});
    }
  }

  template <typename Predicate>
  void KeepNames(Predicate is_kept) {
    std::erase_if(unsettled_names_, [&](std::size_t index) {
      if (!is_kept(*name_changes_[index].step)) return false;
      name_changes_[index].is_durable = true;
      return true;
    });
  }

  void KeepCreation(FileId file) {
    KeepNames([&](const RecordedStep& step) {
      return step.operation == FileOperation::kCreate && step.file == file;
    });
  }

  void KeepNamesIn(const std::string& directory) {
    KeepNames([&](const RecordedStep& step) {
      const bool has_target =
          step.operation == FileOperation::kRename || step.operation == FileOperation::kLink;
      return ParentOf(has_target ? step.target : step.path) == directory;
    });
  }

  const CrashModel model_;
  std::map<FileId, FileState> files_;
  std::vector<NameChange> name_changes_;
  std::vector<std::size_t> unsettled_names_;
};

// The names that the image has.
class Names {
 public:
  explicit Names(const Recording& recording)
      : directories_(recording.initial_directories.begin(), recording.initial_directories.end()),
        files_(recording.initial_files) {
    directories_.insert("");
  }

  const std::set<std::string>& directories() const { return directories_; }
  const std::map<std::string, FileId>& files() const { return files_; }

  // A change whose ground was lost is lost with it.
  void Apply(const RecordedStep& step) {
    switch (step.operation) {
      case FileOperation::kCreate:
        if (HasParent(step.path)) files_[step.path] = step.file;
        return;
      case FileOperation::kLink:
        if (HasParent(step.target)) files_[step.target] = step.file;
        return;
      case FileOperation::kRemove:
        files_.erase(step.path);
        return;
      case FileOperation::kMakeDirectory:
        if (HasParent(step.path)) directories_.insert(step.path);
        return;
      case FileOperation::kRemoveDirectory:
        if (IsEmpty(step.path)) directories_.erase(step.path);
        return;
      case FileOperation::kRename:
        if (HasParent(step.target)) Rename(step.path, step.target);
        return;
      default:
        return;
    }
  }

 private:
  bool HasParent(const std::string& path) const { return directories_.contains(ParentOf(path)); }

  bool IsEmpty(const std::string& directory) const {
    const auto is_inside = [&](const std::string& path) { return ParentOf(path) == directory; };
    return std::none_of(directories_.begin(), directories_.end(), is_inside) &&
           std::none_of(files_.begin(), files_.end(),
                        [&](const auto& entry) { return is_inside(entry.first); });
  }

  void Rename(const std::string& from, const std::string& to) {
    if (const auto file = files_.find(from); file != files_.end()) {
      const FileId id = file->second;
      files_.erase(file);
      files_[to] = id;
      return;
    }
    if (!directories_.contains(from)) return;
    const auto moved = [&](const std::string& path) {
      const bool is_inside = path == from || path.compare(0, from.size() + 1, from + "/") == 0;
      return is_inside ? to + path.substr(from.size()) : path;
    };
    std::set<std::string> directories;
    for (const std::string& path : directories_) directories.insert(moved(path));
    std::map<std::string, FileId> files;
    for (const auto& [path, file] : files_) files[moved(path)] = file;
    directories_ = std::move(directories);
    files_ = std::move(files);
  }

  std::set<std::string> directories_;
  std::map<std::string, FileId> files_;
};

void ApplyBytes(std::uint64_t offset, std::string_view part, std::string& bytes) {
  const std::size_t end = static_cast<std::size_t>(offset) + part.size();
  if (bytes.size() < end) bytes.resize(end, '\0');
  bytes.replace(static_cast<std::size_t>(offset), part.size(), part);
}

void ApplyWhole(const Change& change, std::string& bytes) {
  if (change.is_truncation) {
    bytes.resize(static_cast<std::size_t>(change.offset), '\0');
  } else {
    ApplyBytes(change.offset, change.bytes, bytes);
  }
}

// Some of the sectors of a write, and perhaps its size.
void ApplyTorn(const Change& change, Rng& rng, std::string& bytes) {
  const std::uint64_t end = change.offset + change.bytes.size();
  std::uint64_t begin = change.offset;
  while (begin < end) {
    const std::uint64_t sector_end = std::min(end, (begin / kSectorSize + 1) * kSectorSize);
    if (rng.OneIn(2)) {
      ApplyBytes(begin, change.bytes.substr(begin - change.offset, sector_end - begin), bytes);
    }
    begin = sector_end;
  }
  if (rng.OneIn(4) && bytes.size() < end) bytes.resize(static_cast<std::size_t>(end), '\0');
}

// What the file holds after the cut.
std::string ChooseBytes(const FileState& file, Survival survival, Rng& rng) {
  const auto is_unsure = [](const Change& change) { return !change.is_durable; };
  const auto unsure_count =
      static_cast<std::size_t>(std::count_if(file.changes.begin(), file.changes.end(), is_unsure));
  const std::vector<bool> survivors = ChooseSurvivors(survival, unsure_count, rng);
  const bool may_tear = survival == Survival::kPrefix || survival == Survival::kSubset;
  std::string bytes(file.initial_bytes);
  std::size_t unsure_index = 0;
  for (const Change& change : file.changes) {
    if (change.is_durable || survivors[unsure_index++]) {
      ApplyWhole(change, bytes);
    } else if (may_tear && !change.is_truncation && rng.OneIn(2)) {
      ApplyTorn(change, rng, bytes);
    }
  }
  return bytes;
}

Names ChooseNames(const Recording& recording, const Replay& replay, Survival survival, Rng& rng) {
  const auto is_unsure = [](const NameChange& change) { return !change.is_durable; };
  const auto unsure_count = static_cast<std::size_t>(
      std::count_if(replay.name_changes().begin(), replay.name_changes().end(), is_unsure));
  const std::vector<bool> survivors = ChooseSurvivors(survival, unsure_count, rng);
  Names names(recording);
  std::size_t unsure_index = 0;
  for (const NameChange& change : replay.name_changes()) {
    if (change.is_durable || survivors[unsure_index++]) names.Apply(*change.step);
  }
  return names;
}

void WriteImageFile(const fs::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  TRIBUTARY_CHECK(file.good());
}

}  // namespace

void MaterializeCrashImage(const Recording& recording, std::size_t cut, std::uint64_t seed,
                           const std::string& directory, const CrashModel& model) {
  Rng rng(seed);
  const Replay replay(recording, cut, model);
  const Survival name_survival = ChooseSurvival(rng);
  const Survival byte_survival = ChooseSurvival(rng);
  const Names names = ChooseNames(recording, replay, name_survival, rng);
  const fs::path root = directory;
  for (const std::string& path : names.directories()) fs::create_directories(root / path);
  for (const auto& [path, file] : names.files()) {
    const auto state = replay.files().find(file);
    const std::string bytes = state == replay.files().end()
                                  ? std::string()
                                  : ChooseBytes(state->second, byte_survival, rng);
    WriteImageFile(root / path, bytes);
  }
}

}  // namespace tributary::test
