// The ledgers of one server: found by name, created, opened at start.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/term_policies.h"
#include "server/walk_gate.h"
#include "storage/ledger.h"

namespace tributary::server {

// Where ledgers are kept. Implemented over a data directory, and over memory in tests. Calls of
// Open and Create for one name never overlap; all others may.
class LedgerHome {
 public:
  virtual ~LedgerHome() = default;

  // Names of the ledgers kept here, whole or damaged, ascending.
  virtual absl::StatusOr<std::vector<std::string>> List() = 0;
  virtual absl::StatusOr<std::unique_ptr<Ledger>> Open(const std::string& name) = 0;
  // Makes a ledger that begins with this record. Durable: after a crash it is there as a whole or
  // not at all.
  virtual absl::StatusOr<std::unique_ptr<Ledger>> Create(const Record& ledger_record,
                                                         std::optional<TimeMs> accepted_time) = 0;

  // An empty store for the time of a verification; its destruction frees what it took.
  virtual absl::StatusOr<std::unique_ptr<Store>> MakeScratch() = 0;
  // Writes a copy of the ledger, opens it and verifies it in full before it gets its name.
  // Errors: kFailedPrecondition (no place for backups is configured), kAlreadyExists, kAborted
  // (another call is making a backup of this name), kDataLoss (the copy is not sound; it is
  // removed).
  struct Backup {
    std::string directory;
    VerifyResult verified;
    std::uint64_t size = 0;  // bytes
  };
  virtual absl::StatusOr<Backup> MakeBackup(Ledger& ledger, const std::string& backup_name,
                                            const CancelToken& cancel) = 0;
  // Bytes on disk; 0 where that is not known.
  virtual std::uint64_t DiskSize(const std::string& ledger) = 0;
};

// Any thread may call any method.
class Ledgers {
 public:
  // Opens every ledger of `home`. One that cannot be opened does not keep the others from serving:
  // Find gives its error.
  // Errors: those of LedgerHome::List.
  static absl::StatusOr<std::unique_ptr<Ledgers>> Open(std::unique_ptr<LedgerHome> home);

  // Errors: kInvalidArgument (no such name can be), kNotFound; kUnavailable or kDataLoss where the
  // ledger could not be opened.
  absl::StatusOr<std::shared_ptr<Ledger>> Find(const std::string& name) const;

  // Creates the ledger unless one of this name exists, which is then given with created = false.
  struct Created {
    std::shared_ptr<Ledger> ledger;
    bool created = false;
  };
  absl::StatusOr<Created> Create(const Record& ledger_record, std::optional<TimeMs> accepted_time);

  // Ascending, ledgers that could not be opened included.
  std::vector<std::string> Names() const;

  LedgerHome& home() { return *home_; }
  TermPolicies& term_policies() { return term_policies_; }
  // For walks that check what is recorded.
  WalkGate& check_walks() { return check_walks_; }

 private:
  // One of the two: the ledger, or why there is none.
  using Entry = absl::StatusOr<std::shared_ptr<Ledger>>;

  explicit Ledgers(std::unique_ptr<LedgerHome> home) : home_(std::move(home)) {}

  const std::unique_ptr<LedgerHome> home_;
  TermPolicies term_policies_;
  WalkGate check_walks_;
  std::mutex create_mutex_;  // held while a ledger is made, before entries_mutex_
  mutable std::mutex entries_mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace tributary::server
