// The process that opens damaged stores: RocksDB, as Debian builds it, has assertions that end the
// process over some damage, and that must not end the campaign.
//
//   damage_worker <whole> <scratch> <seed> <first> <end> <results>
//
// <whole> holds an undamaged ledger as damage_test.cc prepares it, <scratch> is a directory for
// copies. Trials [first, end) damage a copy each, open it and ask everything; the results file gets
//
//   trial <number> <what is done>    before
//   noticed <at open | on query>     or
//   harmless                         no answer changed
//   scrubbed                         the same, and reading all table files again found the damage
//   missed                           the same, and it did not
//   wrong <question>                 an answer that is neither right nor a refusal that says what
//   is
//                                    damaged; another line follows
//
// Fields are separated by tabs. Exit code 0: all trials were done.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "graph/model/check.h"
#include "graph/model/text.h"
#include "tests/simulation/answers.h"
#include "tests/simulation/damage_plan.h"
#include "tests/simulation/ledger_files.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

enum class Damage { kFlippedBit, kTruncated, kDeleted, kSwapped, kZeroedPage };
constexpr Damage kDamages[] = {Damage::kFlippedBit, Damage::kTruncated, Damage::kDeleted,
                               Damage::kSwapped, Damage::kZeroedPage};
std::string_view DamageName(Damage damage) {
  constexpr std::string_view kNames[] = {"flipped bit", "truncated", "deleted", "swapped",
                                         "zeroed page"};
  return kNames[static_cast<std::size_t>(damage)];
}

// The kind of a file by its name: "sst", "log", "MANIFEST", "CURRENT", "OPTIONS", "anchor" ...
std::string KindOf(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!path.extension().empty()) return path.extension().string().substr(1);
  return name.substr(0, name.find('-'));
}

using FilesByKind = std::map<std::string, std::vector<fs::path>>;  // relative to the directory

// Table files are never written again, so that a link serves as a copy.
void CopyFiles(const std::string& from, const std::string& to) {
  fs::create_directories(to + "/store");
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    if (!entry.is_regular_file()) continue;
    const fs::path target = fs::path(to) / fs::relative(entry.path(), from);
    if (KindOf(entry.path()) == "sst")
      fs::create_hard_link(entry.path(), target);
    else
      fs::copy_file(entry.path(), target);
  }
}

std::string ReadBytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A file of its own, not what a link shares.
void ReplaceBytes(const fs::path& path, const std::string& bytes) {
  fs::remove(path);
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  TRIBUTARY_CHECK(file.good());
}

// One damage to one file; false: this file can not be damaged so.
bool DoDamage(const FilesByKind& files, const std::string& kind, Damage damage,
              const std::string& directory, Rng& rng, std::string* what) {
  const std::vector<fs::path>& paths = files.at(kind);
  const fs::path& chosen = paths[rng.Below(paths.size())];
  const fs::path path = fs::path(directory) / chosen;
  std::string bytes = ReadBytes(path);
  const std::string before = bytes;
  *what = StrCat(DamageName(damage), " ", chosen.string());
  if (bytes.empty() && damage != Damage::kDeleted) return false;
  const std::size_t at = bytes.empty() ? 0 : rng.Below(bytes.size());
  StrAppend(what, " at ", at, " of ", bytes.size());
  switch (damage) {
    case Damage::kFlippedBit:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.Below(8)));
      break;
    case Damage::kTruncated:
      bytes.resize(at);
      break;
    case Damage::kDeleted:
      fs::remove(path);
      return true;
    case Damage::kSwapped: {
      const fs::path other = fs::path(directory) / paths[rng.Below(paths.size())];
      StrAppend(what, " with ", other.filename().string());
      bytes = ReadBytes(other);
      ReplaceBytes(other, before);
      break;
    }
    case Damage::kZeroedPage: {
      constexpr std::size_t kPageSize = 4096;
      const std::size_t begin = at / kPageSize * kPageSize;
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                  std::min(kPageSize, bytes.size() - begin), '\0');
      break;
    }
  }
  if (bytes == before) return false;
  ReplaceBytes(path, bytes);
  return true;
}

FilesByKind FindFiles(const std::string& directory) {
  FilesByKind files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file() || entry.path().filename() == "LOCK") continue;
    files[KindOf(entry.path())].push_back(fs::relative(entry.path(), directory));
  }
  for (auto& [kind, paths] : files) std::sort(paths.begin(), paths.end());
  return files;
}

class Trials {
 public:
  Trials(std::string whole, std::string scratch, const std::string& results)
      : whole_(std::move(whole)),
        scratch_(std::move(scratch)),
        results_(results, std::ios::app),
        files_by_kind_(FindFiles(whole_)) {
    const auto ledger = OpenLedger(FreshCopy());
    TRIBUTARY_CHECK(ledger.ok());
    questions_ = DamageQuestions((*ledger)->head().tree_size.value);
    right_ = Ask(**ledger, questions_);
    for (const auto& [question, answer] : right_) TRIBUTARY_CHECK(answer.ok());
  }

  void Run(std::uint64_t seed, int trial) {
    Rng rng(seed + static_cast<std::uint64_t>(trial) * 1'000'003);
    std::string what = "nothing: the control";
    const bool is_control = trial % 100 == 0;
    std::string kind = "none";
    LedgerFiles files = FreshCopy();
    while (!is_control) {
      kind = ChooseKind(rng);
      const Damage damage = kDamages[rng.Below(std::size(kDamages))];
      if (DoDamage(files_by_kind_, kind, damage, files.directory, rng, &what)) {
        kind = StrCat(kind, ", ", DamageName(damage));
        break;
      }
      files = FreshCopy();
    }
    results_ << "trial\t" << trial << "\t" << kind << "\t" << what << std::endl;
    const auto ledger = OpenLedger(files);
    if (!ledger.ok()) {
      // An anchor that is gone is named as a file that is not there.
      const bool is_missing =
          absl::IsNotFound(ledger.status()) && NamesDamage(std::string(ledger.status().message()));
      if (!IsRefusal(ledger.status()) && !is_missing) {
        results_ << "wrong\tat open: " << ledger.status().ToString() << std::endl;
      }
      results_ << "noticed\tat open\t" << ledger.status().ToString() << std::endl;
      return;
    }
    // The earlier state is asked about in every second trial: it is most of the same rows.
    Questions questions = questions_;
    if (trial % 2 == 1) questions.tree_sizes.resize(1);
    const Comparison comparison = Compare(right_, Ask(**ledger, questions));
    for (const std::string& question : comparison.wrong) {
      results_ << "wrong\t" << question << std::endl;
    }
    if (!comparison.refused.empty()) {
      results_ << "noticed\ton query\t" << comparison.refused.front() << std::endl;
      return;
    }
    // What no answer met is found by reading every file again, while the file is still there.
    const bool is_table = kind.starts_with("sst");
    const bool is_missed = is_table && (*ledger)->VerifyChecksums().ok();
    results_ << (is_missed ? "missed" : is_table ? "scrubbed" : "harmless") << std::endl;
  }

 private:
  // Table files are most of the bytes, so they get half of the damage.
  std::string ChooseKind(Rng& rng) const {
    if (rng.OneIn(2)) return "sst";
    return std::next(files_by_kind_.begin(),
                     static_cast<std::ptrdiff_t>(rng.Below(files_by_kind_.size())))
        ->first;
  }

  LedgerFiles FreshCopy() const {
    LedgerFiles files = DamageFiles(scratch_ + "/damaged");
    fs::remove_all(files.directory);
    CopyFiles(whole_, files.directory);
    return files;
  }

  const std::string whole_;
  const std::string scratch_;
  std::ofstream results_;
  const FilesByKind files_by_kind_;
  Questions questions_ = {};
  Answers right_ = {};
};

}  // namespace
}  // namespace tributary::test

int main(int argc, char** argv) {
  if (argc != 7) {
    std::cerr << "usage: damage_worker <whole> <scratch> <seed> <first> <end> <results>\n";
    return 2;
  }
  tributary::test::Trials trials(argv[1], argv[2], argv[6]);
  for (int trial = std::atoi(argv[4]); trial < std::atoi(argv[5]); ++trial) {
    trials.Run(std::strtoull(argv[3], nullptr, 10), trial);
  }
}
