// Whose word makes a log head good: logs, witnesses, and how many of them are enough.
//
// Source: C2SP tlog-policy.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/log/checkpoint.h"
#include "graph/log/note.h"

namespace tributary {

inline constexpr std::size_t kPolicySizeMax = 256u << 10;
// Of logs, of witnesses and of groups, each; the specification asks for 32.
inline constexpr std::size_t kPolicyEntryCountMax = 64;

// An immutable value.
class LogPolicy {
 public:
  struct Log {
    VerifierKey key;  // its name is the log's origin
    std::string url;
  };
  struct Witness {
    std::string name;  // within the policy
    VerifierKey key;
    std::string url;
  };

  // Errors: kInvalidArgument with the line's number.
  static absl::StatusOr<LogPolicy> Parse(std::string_view text);
  // No log, no witness, quorum none: for who knows the log's key and asks for no more.
  LogPolicy() = default;

  const std::vector<Log>& logs() const { return logs_; }
  // The keys of logs(), in its order.
  std::vector<VerifierKey> LogKeys() const;
  const std::vector<Witness>& witnesses() const { return witnesses_; }
  // Whether the witnesses i with cosigned[i] make the quorum.
  // Shape: one element for each witness. Cost: O(witnesses + groups).
  bool IsQuorum(const std::vector<bool>& cosigned) const;

 private:
  friend class PolicyParser;

  // A witness or a group, by its index.
  struct Member {
    bool is_group = false;
    std::size_t index = 0;
  };
  // Members stand before it, so that groups can be decided in order.
  struct Group {
    std::size_t threshold = 1;
    std::vector<Member> members;
  };

  std::vector<Log> logs_;
  std::vector<Witness> witnesses_;
  std::vector<Group> groups_;
  std::optional<Member> quorum_;  // nullopt: none
};

// A head that holds under a policy.
struct TrustedCheckpoint {
  struct Cosigner {
    std::string name;  // within the policy
    std::uint64_t time_s = 0;
    friend bool operator==(const Cosigner&, const Cosigner&) = default;
  };
  LogCheckpoint checkpoint;
  std::vector<Cosigner> cosigners;  // of the policy's witnesses, in its order
  std::size_t unknown_count = 0;    // signatures of others, which say nothing
};

// Opens the signed note of a checkpoint: a log key whose name is the origin has signed it, and so
// has a quorum of witnesses. Signatures of others are passed over; one of a key given that does not
// hold spoils the note.
//
// Where the policy lists logs, the keys must be among them; they are of kind 01, and of no witness
// of the policy.
//
// Errors: kInvalidArgument     not a note of a checkpoint; size 0 with a root that is not empty; a
//                              log key that may not be one.
//         kUnauthenticated     no signature by a key of its log; one that does not hold.
//         kFailedPrecondition  the cosignatures make no quorum.
absl::StatusOr<TrustedCheckpoint> OpenCheckpoint(std::string_view note_bytes,
                                                 std::span<const VerifierKey> log_keys,
                                                 const LogPolicy& policy);
// With the logs that the policy lists. Where it lists none, no head is good.
absl::StatusOr<TrustedCheckpoint> OpenCheckpoint(std::string_view note_bytes,
                                                 const LogPolicy& policy);

}  // namespace tributary
