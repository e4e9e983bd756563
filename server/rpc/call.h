// From gRPC's callbacks to plain handlers: one reactor per kind of call.
//
// A reactor belongs to gRPC and deletes itself in OnDone, which comes only after Finish. The
// handler runs on a thread of the server's own and calls Finish as its last act. No callback waits.

#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "graph/model/cancel.h"
#include "server/env.h"
#include "server/rpc/read_queue.h"
#include "server/rpc/runtime.h"
#include "server/rpc/status.h"
#include "server/rpc/write_slot.h"

namespace tributary::server {

template <typename Request, typename Response>
using UnaryHandler = absl::Status (*)(Env&, const Request&, Response*);
template <typename Request, typename Response>
using ServerStreamHandler = absl::Status (*)(Env&, const Request&, Sink<Response>&);
template <typename Request, typename Response>
using ClientStreamHandler = absl::Status (*)(Env&, Source<Request>&, Response*);
template <typename Request, typename Response>
using BidiHandler = absl::Status (*)(Env&, Source<Request>&, Sink<Response>&);

// The name of a method for logs, and the longest its calls may take.
struct MethodInfo {
  std::string_view name;
  std::chrono::milliseconds time_max;
};

// Deadline and cancellation of one call, and its log line.
class CallState {
 public:
  // Fires `cancel` when the call's time is up or its client leaves, and then runs `wake`, which
  // makes whoever waits look at the token.
  CallState(Runtime& runtime, grpc::CallbackServerContext* context, const MethodInfo& method,
            CancelToken& cancel, std::function<void()> wake)
      : context_(context),
        method_(method),
        cancel_(cancel),
        wake_(std::move(wake)),
        started_(DeadlineTimer::Clock::now()),
        expiry_(runtime.timer, started_ + method.time_max,
                [this] { Stop(absl::StatusCode::kDeadlineExceeded); }) {}

  // gRPC says that the client left or that its deadline passed.
  void OnCancel() {
    const bool late = context_->deadline() <= std::chrono::system_clock::now();
    Stop(late ? absl::StatusCode::kDeadlineExceeded : absl::StatusCode::kCancelled);
  }

  // Logs and translates the end of the call.
  grpc::Status Close(const absl::Status& status) const {
    LogCall(method_.name, status, DeadlineTimer::Clock::now() - started_);
    return ToGrpcStatus(status);
  }

 private:
  void Stop(absl::StatusCode code) {
    cancel_.Cancel(code);
    wake_();
  }

  grpc::CallbackServerContext* const context_;
  const MethodInfo method_;
  CancelToken& cancel_;
  const std::function<void()> wake_;
  const DeadlineTimer::Clock::time_point started_;
  DeadlineTimer::Registration expiry_;  // last: it must not fire before the rest is there
};

// How long a client that does not read may delay the end of its call after a stop.
inline constexpr std::chrono::milliseconds kDrainPatience{1'000};

// Waits until nothing of the stream is on its way; a client that does not read is cut off.
template <typename Message>
void DrainStream(WriteSlot<Message>& slot, grpc::CallbackServerContext* context) {
  if (slot.DrainUnlessCancelled() || slot.Drain(kDrainPatience)) return;
  context->TryCancel();
  slot.Drain();
}

// An answer that the client would refuse is refused here, where the limit has a name.
inline absl::Status CheckSize(const google::protobuf::MessageLite& response, const Limits& limits) {
  const std::size_t size = response.ByteSizeLong();
  if (size <= limits.response_message_size_max) return absl::OkStatus();
  return LimitExceeded("bytes of the answer (ask for less at once, or for a stream)", size,
                       "response_message_size_max", limits.response_message_size_max);
}

// For the thread that runs the handler.
inline Env MakeEnv(Runtime& runtime, const CancelToken& cancel) {
  static thread_local WalkScratch scratch;
  return {runtime.ledgers, runtime.limits, runtime.info, cancel, &scratch};
}

template <typename Request, typename Response>
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(Runtime& runtime, WorkerPool& pool, grpc::CallbackServerContext* context,
            const MethodInfo& method, const Request* request, Response* response,
            UnaryHandler<Request, Response> handler)
      : state_(runtime, context, method, cancel_, [] {}) {
    const absl::Status queued = pool.Submit([this, &runtime, request, response, handler] {
      absl::Status status = cancel_.status();  // nobody waits for a call that expired in the queue
      if (status.ok()) {
        Env env = MakeEnv(runtime, cancel_);
        status = handler(env, *request, response);
        if (status.ok()) status = CheckSize(*response, runtime.limits);
      }
      Finish(state_.Close(status));
    });
    if (!queued.ok()) Finish(state_.Close(queued));
  }
  void OnCancel() override { state_.OnCancel(); }
  void OnDone() override { delete this; }

 private:
  CancelToken cancel_;
  CallState state_;
};

template <typename Request, typename Response>
class ServerStreamCall final : public grpc::ServerWriteReactor<Response> {
 public:
  ServerStreamCall(Runtime& runtime, grpc::CallbackServerContext* context, const MethodInfo& method,
                   const Request* request, ServerStreamHandler<Request, Response> handler)
      : slot_(cancel_, [this](const Response* message) { this->StartWrite(message); }),
        state_(runtime, context, method, cancel_, [this] { slot_.Wake(); }) {
    const absl::Status queued = runtime.streams.Submit([this, &runtime, context, request, handler] {
      Env env = MakeEnv(runtime, cancel_);
      const absl::Status status = handler(env, *request, slot_);
      DrainStream(slot_, context);
      this->Finish(state_.Close(status));
    });
    if (!queued.ok()) this->Finish(state_.Close(queued));
  }
  void OnWriteDone(bool ok) override { slot_.OnWriteDone(ok); }
  void OnCancel() override { state_.OnCancel(); }
  void OnDone() override { delete this; }

 private:
  CancelToken cancel_;
  WriteSlot<Response> slot_;
  CallState state_;
};

template <typename Request, typename Response>
class ClientStreamCall final : public grpc::ServerReadReactor<Request> {
 public:
  // `read_ahead` messages at most wait for the handler.
  ClientStreamCall(Runtime& runtime, grpc::CallbackServerContext* context, const MethodInfo& method,
                   std::size_t read_ahead, Response* response,
                   ClientStreamHandler<Request, Response> handler)
      : queue_(read_ahead, [this](Request* message) { this->StartRead(message); }),
        state_(runtime, context, method, cancel_, [this] { queue_.Stop(); }) {
    const absl::Status queued = runtime.streams.Submit([this, &runtime, response, handler] {
      Env env = MakeEnv(runtime, cancel_);
      queue_.Start();
      const absl::Status status = handler(env, queue_, response);
      queue_.Stop();
      this->Finish(state_.Close(status));
    });
    if (!queued.ok()) this->Finish(state_.Close(queued));
  }
  void OnReadDone(bool ok) override { queue_.OnReadDone(ok); }
  void OnCancel() override { state_.OnCancel(); }
  void OnDone() override { delete this; }

 private:
  CancelToken cancel_;
  ReadQueue<Request> queue_;
  CallState state_;
};

template <typename Request, typename Response>
class BidiCall final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  BidiCall(Runtime& runtime, grpc::CallbackServerContext* context, const MethodInfo& method,
           std::size_t read_ahead, BidiHandler<Request, Response> handler)
      : queue_(read_ahead, [this](Request* message) { this->StartRead(message); }),
        slot_(cancel_, [this](const Response* message) { this->StartWrite(message); }),
        state_(runtime, context, method, cancel_, [this] {
          queue_.Stop();
          slot_.Wake();
        }) {
    const absl::Status queued = runtime.streams.Submit([this, &runtime, context, handler] {
      Env env = MakeEnv(runtime, cancel_);
      queue_.Start();
      const absl::Status status = handler(env, queue_, slot_);
      queue_.Stop();
      DrainStream(slot_, context);
      this->Finish(state_.Close(status));
    });
    if (!queued.ok()) this->Finish(state_.Close(queued));
  }
  void OnReadDone(bool ok) override { queue_.OnReadDone(ok); }
  void OnWriteDone(bool ok) override { slot_.OnWriteDone(ok); }
  void OnCancel() override { state_.OnCancel(); }
  void OnDone() override { delete this; }

 private:
  CancelToken cancel_;
  ReadQueue<Request> queue_;
  WriteSlot<Response> slot_;
  CallState state_;
};

}  // namespace tributary::server
