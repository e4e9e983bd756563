#include "tests/simulation/in_flight.h"

#include <algorithm>
#include <utility>

namespace tributary::test {
namespace {

constexpr std::size_t kBurstPartCount = 5;
constexpr std::size_t kLargeFactCount = 50;  // a step has about ten

// All of a part, or the first error.
PartsInFlight::Answer Whole(std::vector<absl::StatusOr<Receipt>> results) {
  std::vector<Receipt> receipts;
  for (const auto& result : results) {
    if (!result.ok()) return result.status();
    receipts.push_back(*result);
  }
  return receipts;
}

}  // namespace

void PartsInFlight::Send(std::size_t number, const WorkPart& part) {
  switch (part.kind) {
    case WorkPart::Kind::kFacts:
      return Collect(number, part.step);
    case WorkPart::Kind::kStaged:
      SendBurst();
      AwaitFewerThan(2);  // what it is staged for came with the step before
      return SendAlone(number, part);
    case WorkPart::Kind::kSettling:
      Await();
      return SendAlone(number, part);
  }
}

void PartsInFlight::Await() {
  SendBurst();
  AwaitFewerThan(1);
}

void PartsInFlight::SendAlone(std::size_t number, const WorkPart& part) {
  if (on_send_) on_send_(number);
  GiveAnswer(number, RecordPart(ledger_, part));
}

void PartsInFlight::GiveAnswer(std::size_t number, Answer answer) {
  const bool is_new =
      answer.ok() && std::any_of(answer->begin(), answer->end(),
                                 [](const Receipt& receipt) { return !receipt.already_recorded; });
  if (overlaps_ != nullptr && !is_new) overlaps_->NothingToCommit();
  on_answer_(number, std::move(answer));
}

void PartsInFlight::Collect(std::size_t number, const WorkStep& step) {
  Waiting waiting{number, {}};
  for (const Fact& fact : step.facts) {
    auto ready = PrepareFact(fact);
    if (!ready.ok()) return on_answer_(number, ready.status());
    waiting.facts.push_back(*std::move(ready));
  }
  // Nothing small is applied while something large is written.
  const bool is_large = waiting.facts.size() > kLargeFactCount;
  if (is_large) SendBurst();
  burst_.push_back(std::move(waiting));
  if (is_large || burst_.size() == (overlaps_ == nullptr ? 1 : kBurstPartCount)) SendBurst();
}

void PartsInFlight::SendBurst() {
  if (burst_.empty()) return;
  AwaitFewerThan(1);
  if (overlaps_ != nullptr) overlaps_->Announce(burst_.size());
  for (Waiting& part : burst_) Submit(std::move(part));
  burst_.clear();
}

void PartsInFlight::Submit(Waiting part) {
  if (on_send_) on_send_(part.number);
  {
    std::lock_guard lock(mutex_);
    ++count_;
  }
  const auto done = [this, number = part.number](std::vector<absl::StatusOr<Receipt>> results) {
    GiveAnswer(number, Whole(std::move(results)));
    std::lock_guard lock(mutex_);
    --count_;
    changed_.notify_all();
  };
  const absl::Status submitted = ledger_.Submit(std::move(part.facts), {}, done);
  if (!submitted.ok()) done({submitted});
}

void PartsInFlight::AwaitFewerThan(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return count_ < count; });
}

}  // namespace tributary::test
