// The public face of a ledger: creation, opening, views, copies.

#include "storage/ledger.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_impl.h"

namespace tributary {

Ledger::Ledger(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)), name_(impl_->name), epoch_(impl_->epoch) {}

Ledger::~Ledger() = default;

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Create(std::unique_ptr<Store> store,
                                                       std::unique_ptr<Anchor> anchor,
                                                       const Record& ledger_record,
                                                       std::optional<TimeMs> accepted_time,
                                                       LedgerOptions options) {
  const auto* body = std::get_if<LedgerRecord>(&ledger_record.body);
  if (body == nullptr) {
    return InvalidField("type", TypeName(ledger_record.body), "a ledger record");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(PreparedFact fact, PrepareFact({ledger_record, {}, std::nullopt}));
  CommitClock clock({options.now, options.since_boot}, options.clock_jump_ms_max);
  TRIBUTARY_ASSIGN_OR_RETURN(const TimeMs now, clock.Stamp(TimeMs{0}));
  fact.accepted_time = accepted_time;
  {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto snapshot, store->TakeSnapshot());
    LogTreeAppender tree;
    LedgerState state(snapshot.get(), nullptr, ledger_record.ledger, HeadRow{}, &tree, {});
    TRIBUTARY_RETURN_IF_ERROR(state.Apply(fact, now, false).status());
    WriteBatch batch;
    const OwnedKey format = keys::Format();
    batch.Expect(format.family, format.row, format.column, std::nullopt);
    PutRow(format, EncodePosition(kStoreFormatVersion), &batch);
    state.TakeRows().Emit(&batch);
    const absl::Status committed = store->Commit(batch);
    if (committed.code() == absl::StatusCode::kAborted) {
      return absl::AlreadyExistsError("the store already holds a ledger");
    }
    TRIBUTARY_RETURN_IF_ERROR(committed);
  }
  return Open(std::move(store), std::move(anchor), std::move(options));
}

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(std::unique_ptr<Store> store,
                                                     std::unique_ptr<Anchor> anchor,
                                                     LedgerOptions options) {
  // Until it is open a failure is this function's answer, and nobody else's business.
  const auto opened = std::make_shared<std::atomic<bool>>(false);
  if (options.on_failure) {
    options.on_failure = [opened, tell = std::move(options.on_failure)](const absl::Status& why) {
      if (*opened) tell(why);
    };
  }
  auto impl = std::make_unique<Impl>(std::move(store), std::move(anchor), std::move(options));
  TRIBUTARY_RETURN_IF_ERROR(impl->Load());
  TRIBUTARY_RETURN_IF_ERROR(impl->ClearStages());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto rebuilding,
                             ReadPayload(*impl->published().snapshot, keys::Rebuilding()));
  if (rebuilding.has_value()) TRIBUTARY_RETURN_IF_ERROR(impl->RebuildIndexes({}));
  *opened = true;
  TRIBUTARY_RETURN_IF_ERROR(impl->status());
  impl->Start();
  return std::unique_ptr<Ledger>(new Ledger(std::move(impl)));
}

absl::Status Ledger::Submit(std::vector<PreparedFact> facts, const SubmitOptions& options,
                            SubmitDone done) {
  return impl_->Submit(std::move(facts), options, std::move(done));
}

std::vector<absl::StatusOr<Receipt>> Ledger::RecordAll(std::vector<PreparedFact> facts,
                                                       const SubmitOptions& options) {
  return impl_->RecordAll(std::move(facts), options);
}

absl::StatusOr<Receipt> Ledger::RecordFact(Fact fact, const SubmitOptions& options) {
  TRIBUTARY_ASSIGN_OR_RETURN(PreparedFact prepared, PrepareFact(std::move(fact)));
  std::vector<PreparedFact> facts;
  facts.push_back(std::move(prepared));
  return std::move(impl_->RecordAll(std::move(facts), options).front());
}

absl::StatusOr<std::unique_lock<std::timed_mutex>> Ledger::LockSettlement(
    const CancelToken* cancel, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kLook{20};  // how long a cancelled call may still wait
  std::unique_lock lock(settlement_mutex_, std::defer_lock);
  for (auto left = patience; !lock.try_lock_for(std::min(kLook, left)); left -= kLook) {
    if (cancel != nullptr) TRIBUTARY_RETURN_IF_ERROR(cancel->status());
    if (left > kLook) continue;
    return absl::UnavailableError(
        "a statement, an adjustment or a payout of the ledger is being made: nothing was recorded, "
        "send again later");
  }
  return lock;
}

HeadRow Ledger::head() const { return impl_->published().head; }

absl::Status Ledger::status() const { return impl_->status(); }

std::vector<std::string> Ledger::Warnings() const {
  std::vector<std::string> warnings;
  const Anchor& anchor = *impl_->anchor;
  if (anchor.unreadable_copy_count() > 0) {
    warnings.push_back(StrCat(
        "anchor: when the ledger was opened, ", anchor.unreadable_copy_count(), " of ",
        kAnchorCopyCount, " copies of its head were not readable",
        anchor.may_be_one_behind() ? "; the newest may have been among them, so that a loss of the "
                                     "last batch acknowledged before would not be noticed"
                                   : ""));
  }
  const absl::Status admitted = impl_->options.CheckAdmitted();
  if (!admitted.ok()) {
    warnings.push_back(StrCat("writes are refused: ", FromAbsl(admitted.message())));
  }
  return warnings;
}

absl::StatusOr<std::shared_ptr<LedgerView>> Ledger::ViewAt(std::optional<TreeSize> tree_size,
                                                           const CancelToken* cancel) const {
  // Taken once: the view's head and its tree size are of one moment.
  const Impl::Published published = impl_->published();
  const TreeSize durable = published.head.tree_size;
  const TreeSize wanted = tree_size.value_or(durable);
  if (wanted.value < 1 || wanted > durable) {
    return FieldError(absl::StatusCode::kOutOfRange, "tree_size", StrCat(wanted.value),
                      StrCat("1 to the durable tree size ", durable.value));
  }
  return impl_->View(published, wanted, cancel);
}

absl::Status Ledger::RebuildIndexes(const VerifyProgress& progress) {
  TRIBUTARY_RETURN_IF_ERROR(impl_->BeginRebuild());
  const absl::Status rebuilt =
      impl_->RunExclusive([this, &progress] { return impl_->RebuildIndexes(progress); });
  impl_->EndRebuild();
  return rebuilt;
}

absl::StatusOr<HeadRow> Ledger::CopyTo(const std::string& path) {
  // What the copy holds is at or after this head, which is durable already.
  const HeadRow head = impl_->published().head;
  TRIBUTARY_RETURN_IF_ERROR(impl_->store->CopyTo(path));
  return head;
}

absl::Status Ledger::Compact() { return impl_->store->Compact(); }

absl::Status Ledger::VerifyChecksums() { return impl_->store->VerifyChecksums(); }

std::vector<FamilySize> Ledger::ApproximateSizes() const {
  return impl_->store->ApproximateSizes();
}

}  // namespace tributary
