// The two ends of a stream as a handler sees them: plain blocking calls, no gRPC.

#pragma once

#include "absl/status/status.h"

namespace tributary::server {

// Where a handler puts the messages of its answer.
template <typename Message>
class Sink {
 public:
  virtual ~Sink() = default;
  // Sends one message; waits while the one before it is still on its way.
  // Errors: kCancelled, kDeadlineExceeded: nobody waits for more.
  virtual absl::Status Write(Message message) = 0;
};

// Where a handler finds the messages of its request.
template <typename Message>
class Source {
 public:
  virtual ~Source() = default;
  // Waits for the next message. False: there are no more, or the call was stopped; the call's
  // CancelToken tells one from the other.
  virtual bool Read(Message* message) = 0;
};

}  // namespace tributary::server
