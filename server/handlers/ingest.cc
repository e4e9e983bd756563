#include "server/handlers/ingest.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/fact.h"
#include "server/convert/scalars.h"
#include "server/handlers/admission.h"
#include "storage/not_applied.h"

namespace tributary::server {
namespace {

using FactResults = std::vector<absl::StatusOr<Receipt>>;

// One batch between its reading and its acknowledgement.
struct Batch {
  std::uint64_t sequence = 0;
  // One per fact of the request. Facts that were refused before they reached the ledger have their
  // error already; submitted[i] is the place of the ledger's result i.
  FactResults results;
  std::vector<std::size_t> submitted;
  bool done = false;
};

// Batches in order of arrival; acknowledged in that order by a thread of their own, since the
// committer that completes them must not wait for a client.
class Acknowledger {
 public:
  Acknowledger(Ledger& ledger, std::size_t batch_count_max, Sink<v1::IngestResponse>& responses)
      : ledger_(ledger),
        batch_count_max_(batch_count_max),
        responses_(responses),
        thread_([this] { Run(); }) {}

  ~Acknowledger() { TRIBUTARY_CHECK(!thread_.joinable()); }

  // Adds a batch that is not done; waits while batch_count_max are unacknowledged. Null: the
  // acknowledgements can no longer be delivered.
  std::shared_ptr<Batch> Add() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return batches_.size() < batch_count_max_ || !status_.ok(); });
    if (!status_.ok()) return nullptr;
    batches_.push_back(std::make_shared<Batch>());
    return batches_.back();
  }

  // Fills in the ledger's results. Any thread; never waits for a client.
  void Complete(Batch& batch, FactResults results) {
    {
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 0; i < results.size(); ++i) {
        batch.results[batch.submitted[i]] = std::move(results[i]);
      }
      batch.done = true;
      // Under the lock: once it is free this object may be gone.
      changed_.notify_all();
    }
  }

  // Waits until every batch is acknowledged or cannot be. Once, before destruction.
  absl::Status Finish() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    thread_.join();
    return status_;
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return batches_.empty() ? closed_ : batches_.front()->done; });
      if (batches_.empty()) return;
      const std::shared_ptr<Batch> batch = batches_.front();
      lock.unlock();
      absl::Status written = status_.ok() ? responses_.Write(Answer(*batch)) : status_;
      lock.lock();
      if (status_.ok()) status_ = std::move(written);
      batches_.pop_front();
      changed_.notify_all();
    }
  }

  // Bytes for the messages of each error: all of them fit in half of what clients accept.
  static std::size_t ErrorSizeMax(const Batch& batch) {
    constexpr std::size_t kAllErrorsSize = 2u << 20;
    constexpr std::size_t kOneErrorSizeMin = 200;
    constexpr std::size_t kOneErrorSizeMax = 4'096;
    const auto error_count = static_cast<std::size_t>(
        std::count_if(batch.results.begin(), batch.results.end(),
                      [](const absl::StatusOr<Receipt>& result) { return !result.ok(); }));
    return std::clamp(kAllErrorsSize / std::max<std::size_t>(error_count, 1), kOneErrorSizeMin,
                      kOneErrorSizeMax);
  }

  v1::IngestResponse Answer(const Batch& batch) const {
    const std::size_t error_size_max = ErrorSizeMax(batch);
    v1::IngestResponse response;
    response.set_batch_sequence(batch.sequence);
    response.set_tree_size(ledger_.head().tree_size.value);
    response.mutable_results()->Reserve(static_cast<int>(batch.results.size()));
    for (const absl::StatusOr<Receipt>& result : batch.results) {
      v1::FactResult* message = response.add_results();
      if (result.ok()) {
        ToProto(*result, message->mutable_receipt());
      } else {
        ToProto(result.status(), error_size_max, message->mutable_error());
      }
    }
    return response;
  }

  Ledger& ledger_;
  const std::size_t batch_count_max_;
  Sink<v1::IngestResponse>& responses_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Batch>> batches_;
  bool closed_ = false;
  absl::Status status_;  // of writing; written by thread_ alone
  std::thread thread_;   // last: it uses the rest
};

// Parses, checks and hashes the facts of a request. Those refused have their errors in
// batch->results.
std::vector<PreparedFact> PrepareBatch(Env& env, const std::string& ledger_name,
                                       const v1::IngestRequest& request, Batch* batch) {
  std::vector<PreparedFact> facts;
  facts.reserve(static_cast<std::size_t>(request.facts_size()));
  batch->sequence = request.batch_sequence();
  batch->submitted.clear();
  batch->results.clear();
  batch->results.reserve(facts.capacity());
  bool stopped = false;
  std::size_t failed = 0;
  for (const v1::Fact& message : request.facts()) {
    if (stopped) {
      batch->results.emplace_back(NotApplied(failed));
      continue;
    }
    absl::StatusOr<PreparedFact> fact = PrepareFromProto(message, ledger_name, env.limits);
    if (fact.ok()) {
      batch->submitted.push_back(batch->results.size());
      batch->results.emplace_back(absl::UnavailableError("not answered by the ledger"));
      facts.push_back(*std::move(fact));
    } else {
      failed = batch->results.size();
      batch->results.emplace_back(fact.status());
      stopped = request.stop_on_error();
    }
  }
  return facts;
}

absl::Status CheckRequest(const Env& env, const std::string& ledger_name,
                          const v1::IngestRequest& request) {
  const auto count = static_cast<std::uint64_t>(request.facts_size());
  if (count == 0) return InvalidField("facts", "none", "at least one fact");
  if (count > env.limits.ingest_batch_fact_count_max) {
    return LimitExceeded("facts", count, "ingest_batch_fact_count_max",
                         env.limits.ingest_batch_fact_count_max);
  }
  if (!request.ledger().empty() && request.ledger() != ledger_name) {
    return InvalidField("ledger", Quoted(request.ledger()),
                        StrCat("the ledger of the stream's first message, ", Quoted(ledger_name)));
  }
  return absl::OkStatus();
}

// Reads on only when the ledger has taken the batch: a full queue holds the client back.
absl::Status SubmitBatch(Env& env, Ledger& ledger, const v1::IngestRequest& request,
                         Acknowledger& acknowledger) {
  const std::shared_ptr<Batch> batch = acknowledger.Add();
  if (batch == nullptr) return absl::OkStatus();  // Finish has the reason
  const SubmitOptions options{.allow_unknown_inputs = request.allow_unknown_inputs(),
                              .stop_on_error = request.stop_on_error()};
  while (true) {
    std::vector<PreparedFact> facts = PrepareBatch(env, ledger.name(), request, batch.get());
    if (facts.empty()) {
      acknowledger.Complete(*batch, {});
      return absl::OkStatus();
    }
    Admission admission(env, ledger);
    const absl::StatusOr<bool> is_checked = admission.IsAnyChecked(facts);
    if (!is_checked.ok()) {
      acknowledger.Complete(*batch, FactResults(facts.size(), is_checked.status()));
      return absl::OkStatus();
    }
    if (*is_checked) {
      // Checked against the lineage or against each other: in this thread, one batch at a time.
      acknowledger.Complete(*batch, admission.RecordAll(std::move(facts), options));
      return absl::OkStatus();
    }
    const absl::Status submitted =
        ledger.Submit(std::move(facts), options, [&acknowledger, batch](FactResults results) {
          acknowledger.Complete(*batch, std::move(results));
        });
    if (submitted.ok()) return absl::OkStatus();
    const bool is_full = absl::IsResourceExhausted(submitted) && FieldOf(submitted) == "queue";
    if (!is_full || env.cancel.cancelled()) {
      acknowledger.Complete(*batch, FactResults(batch->submitted.size(), submitted));
      return absl::OkStatus();
    }
    std::this_thread::sleep_for(kQueueFullPause);
  }
}

}  // namespace

absl::Status Ingest(Env& env, Source<v1::IngestRequest>& requests,
                    Sink<v1::IngestResponse>& responses) {
  v1::IngestRequest request;
  if (!requests.Read(&request)) return env.cancel.status();
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<Ledger> ledger,
                             env.ledgers.Find(request.ledger()));
  Acknowledger acknowledger(*ledger, env.limits.ingest_batch_in_flight_max, responses);
  absl::Status status;
  do {
    status = CheckRequest(env, ledger->name(), request);
    if (status.ok()) status = SubmitBatch(env, *ledger, request, acknowledger);
  } while (status.ok() && requests.Read(&request));
  // What was accepted before an error or a cancellation is still recorded, and acknowledged if
  // anybody listens.
  const absl::Status acknowledged = acknowledger.Finish();
  if (!status.ok()) return status;
  TRIBUTARY_RETURN_IF_ERROR(acknowledged);
  return env.cancel.status();
}

}  // namespace tributary::server
