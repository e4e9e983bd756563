#include "server/ledgers.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary::server {
namespace {

absl::StatusOr<std::shared_ptr<Ledger>> Shared(absl::StatusOr<std::unique_ptr<Ledger>> ledger) {
  if (!ledger.ok()) return ledger.status();
  return std::shared_ptr<Ledger>(*std::move(ledger));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Ledgers>> Ledgers::Open(std::unique_ptr<LedgerHome> home) {
  std::unique_ptr<Ledgers> ledgers(new Ledgers(std::move(home)));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::string> names, ledgers->home_->List());
  for (const std::string& name : names) {
    Entry entry = Shared(ledgers->home_->Open(name));
    if (entry.ok()) {
      spdlog::info("ledger opened name={} tree_size={}", name, (*entry)->head().tree_size.value);
      for (const std::string& warning : (*entry)->Warnings()) {
        spdlog::warn("ledger opened name={} warning={}", name, warning);
      }
    } else {
      spdlog::error("ledger refused name={} reason={}", name, entry.status().ToString());
    }
    ledgers->entries_.emplace(name, std::move(entry));
  }
  return ledgers;
}

absl::StatusOr<std::shared_ptr<Ledger>> Ledgers::Find(const std::string& name) const {
  {
    const std::lock_guard lock(entries_mutex_);
    const auto found = entries_.find(name);
    if (found != entries_.end()) return found->second;
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckLedgerName(name));
  return FieldError(absl::StatusCode::kNotFound, "ledger", Quoted(name),
                    "a ledger that was created before");
}

absl::StatusOr<Ledgers::Created> Ledgers::Create(const Record& ledger_record,
                                                 std::optional<TimeMs> accepted_time) {
  const std::string& name = ledger_record.ledger;
  const std::lock_guard create_lock(create_mutex_);
  {
    const std::lock_guard lock(entries_mutex_);
    const auto found = entries_.find(name);
    if (found != entries_.end()) {
      TRIBUTARY_ASSIGN_OR_RETURN(std::shared_ptr<Ledger> ledger, found->second);
      return Created{std::move(ledger), false};
    }
  }
  TRIBUTARY_ASSIGN_OR_RETURN(std::shared_ptr<Ledger> ledger,
                             Shared(home_->Create(ledger_record, accepted_time)));
  spdlog::info("ledger created name={}", name);
  const std::lock_guard lock(entries_mutex_);
  entries_.emplace(name, ledger);
  return Created{std::move(ledger), true};
}

std::vector<std::string> Ledgers::Names() const {
  const std::lock_guard lock(entries_mutex_);
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

}  // namespace tributary::server
