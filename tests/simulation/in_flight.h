// Parts of steps that are sent while the answers to those before have not come.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/ledger.h"
#include "tests/simulation/overlaps.h"
#include "tests/simulation/workload.h"

namespace tributary::test {

// One thread sends; the answers come on the ledger's threads.
class PartsInFlight {
 public:
  using Answer = absl::StatusOr<std::vector<Receipt>>;
  // Called once for each part, as soon as it is answered: those that are acknowledged in the order
  // in which they were sent. Must not block.
  using OnAnswer = std::function<void(std::size_t part, Answer answer)>;
  // Called before a part goes to the ledger, on the thread that sends.
  using OnSend = std::function<void(std::size_t part)>;

  // With `overlaps`, those that the ledger was opened with, facts go out in bursts of some parts;
  // null: each part waits for the answer to the one before. The ledger must outlive this.
  PartsInFlight(Ledger& ledger, Overlaps* overlaps, OnAnswer on_answer, OnSend on_send = {})
      : ledger_(ledger),
        overlaps_(overlaps),
        on_answer_(std::move(on_answer)),
        on_send_(std::move(on_send)) {}
  ~PartsInFlight() { Await(); }
  PartsInFlight(const PartsInFlight&) = delete;
  PartsInFlight& operator=(const PartsInFlight&) = delete;

  // Facts are left in flight, or wait for their burst. A staged list is written beside those of its
  // own step, and answered on return. What is settled is computed from what is durable: it waits
  // for all answers.
  void Send(std::size_t number, const WorkPart& part);
  // Until every part was sent and has its answer.
  void Await();

 private:
  struct Waiting {
    std::size_t number = 0;
    std::vector<PreparedFact> facts;
  };

  void Collect(std::size_t number, const WorkStep& step);
  void SendBurst();
  void SendAlone(std::size_t number, const WorkPart& part);
  void Submit(Waiting part);
  void AwaitFewerThan(std::size_t count);
  void GiveAnswer(std::size_t number, Answer answer);

  Ledger& ledger_;
  Overlaps* const overlaps_;
  const OnAnswer on_answer_;
  const OnSend on_send_;
  std::vector<Waiting> burst_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;  // in flight
};

}  // namespace tributary::test
