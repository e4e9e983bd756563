#include "graph/log/policy.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "graph/log/lines.h"
#include "graph/merkle/merkle.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

constexpr std::string_view kNone = "none";

// The items between runs of spaces and tabs.
std::vector<std::string_view> SplitItems(std::string_view line) {
  constexpr std::string_view kBlanks = " \t";
  std::vector<std::string_view> items;
  while (true) {
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return items;
    const std::size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
    items.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

bool IsPolicyByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || c == '\n' || (byte >= 0x20 && byte != 0x7f);
}

// Whether `policy` allows these as keys of logs.
absl::Status CheckLogKeys(std::span<const VerifierKey> log_keys, const LogPolicy& policy) {
  const auto has_key = [](const auto& entries, const VerifierKey& key, bool by_name) {
    return std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
      return entry.key.public_key() == key.public_key() &&
             (!by_name || entry.key.name() == key.name());
    });
  };
  for (std::size_t i = 0; i < log_keys.size(); ++i) {
    const std::string field = StrCat("log_keys[", i, "]");
    if (!policy.logs().empty() && !has_key(policy.logs(), log_keys[i], true)) {
      return InvalidField(field, Quoted(log_keys[i].ToString()), "a log of the policy");
    }
    if (has_key(policy.witnesses(), log_keys[i], false)) {
      return InvalidField(field, "the public key of a witness of the policy",
                          "a log that is not its own witness");
    }
  }
  return absl::OkStatus();
}

}  // namespace

class PolicyParser {
 public:
  absl::StatusOr<LogPolicy> Parse(std::string_view text) {
    if (text.size() > kPolicySizeMax) {
      return InvalidField("policy", StrCat(text.size(), " bytes"),
                          StrCat("at most ", kPolicySizeMax));
    }
    while (!text.empty()) {
      ++line_number_;
      const auto line = TakeLine(&text);
      if (!line.has_value()) return Error("no line feed at the end of the file", "one");
      if (!std::all_of(line->begin(), line->end(), IsPolicyByte)) {
        return Error("a control character", "tabs and line feeds only");
      }
      TRIBUTARY_RETURN_IF_ERROR(ParseLine(SplitItems(*line)));
    }
    ++line_number_;
    if (!has_quorum_) return Error("no quorum", "one quorum line");
    return std::move(policy_);
  }

 private:
  using Items = std::vector<std::string_view>;

  absl::Status Error(std::string_view found, std::string_view allowed) const {
    return InvalidField(StrCat("policy line ", line_number_), found, allowed);
  }

  absl::Status ParseLine(const Items& items) {
    if (items.empty() || items[0].starts_with('#')) return absl::OkStatus();
    if (items[0] == "log") return ParseLog(items);
    if (items[0] == "witness") return ParseWitness(items);
    if (items[0] == "group") return ParseGroup(items);
    if (items[0] == "quorum") return ParseQuorum(items);
    return Error(Quoted(items[0]), "log, witness, group, quorum or a comment");
  }

  absl::StatusOr<VerifierKey> ParseKey(std::string_view vkey, NoteAlgorithm algorithm) const {
    auto key = VerifierKey::Parse(vkey);
    if (!key.ok()) return Error(FromAbsl(key.status().message()), "a vkey");
    if (key->algorithm() != algorithm) {
      return Error(StrCat("a vkey of kind ", static_cast<int>(key->algorithm())),
                   StrCat("kind ", static_cast<int>(algorithm)));
    }
    return key;
  }

  template <typename Entry>
  absl::Status CheckRoom(const std::vector<Entry>& entries) const {
    if (entries.size() < kPolicyEntryCountMax) return absl::OkStatus();
    return Error("another one", StrCat("at most ", kPolicyEntryCountMax, " of each kind"));
  }
  template <typename Entry>
  absl::Status CheckNewKey(const std::vector<Entry>& entries, const VerifierKey& key) const {
    const bool known = std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
      return entry.key.public_key() == key.public_key();
    });
    return known ? Error("a public key that an earlier line has", "each once") : absl::OkStatus();
  }
  absl::Status CheckNewName(std::string_view name) const {
    if (name == kNone) return Error("the name none", "another name");
    return names_.contains(name) ? Error(StrCat(Quoted(name), " again"), "each name once")
                                 : absl::OkStatus();
  }

  absl::Status ParseLog(const Items& items) {
    if (items.size() < 2 || items.size() > 3) {
      return Error(StrCat(items.size(), " items"), "log <vkey> [<url>]");
    }
    TRIBUTARY_RETURN_IF_ERROR(CheckRoom(policy_.logs_));
    TRIBUTARY_ASSIGN_OR_RETURN(VerifierKey key, ParseKey(items[1], NoteAlgorithm::kEd25519));
    TRIBUTARY_RETURN_IF_ERROR(CheckNewKey(policy_.logs_, key));
    TRIBUTARY_RETURN_IF_ERROR(CheckNewKey(policy_.witnesses_, key));
    policy_.logs_.push_back({std::move(key), std::string(items.size() == 3 ? items[2] : "")});
    return absl::OkStatus();
  }

  absl::Status ParseWitness(const Items& items) {
    if (items.size() < 3 || items.size() > 4) {
      return Error(StrCat(items.size(), " items"), "witness <name> <vkey> [<url>]");
    }
    TRIBUTARY_RETURN_IF_ERROR(CheckRoom(policy_.witnesses_));
    TRIBUTARY_RETURN_IF_ERROR(CheckNewName(items[1]));
    TRIBUTARY_ASSIGN_OR_RETURN(VerifierKey key, ParseKey(items[2], NoteAlgorithm::kCosignatureV1));
    TRIBUTARY_RETURN_IF_ERROR(CheckNewKey(policy_.logs_, key));
    TRIBUTARY_RETURN_IF_ERROR(CheckNewKey(policy_.witnesses_, key));
    names_[std::string(items[1])] = {false, policy_.witnesses_.size()};
    policy_.witnesses_.push_back(
        {std::string(items[1]), std::move(key), std::string(items.size() == 4 ? items[3] : "")});
    return absl::OkStatus();
  }

  absl::Status ParseGroup(const Items& items) {
    if (items.size() < 4) {
      return Error(StrCat(items.size(), " items"), "group <name> all|any|<k> <name>…");
    }
    TRIBUTARY_RETURN_IF_ERROR(CheckRoom(policy_.groups_));
    TRIBUTARY_RETURN_IF_ERROR(CheckNewName(items[1]));
    LogPolicy::Group group;
    for (std::size_t i = 3; i < items.size(); ++i) {
      const auto member = names_.find(items[i]);
      if (member == names_.end()) {
        return Error(Quoted(items[i]), "names of witnesses and groups of the lines above");
      }
      if (!grouped_.emplace(items[i]).second) {
        return Error(StrCat(Quoted(items[i]), " again"), "each name in one group, once");
      }
      group.members.push_back(member->second);
    }
    TRIBUTARY_ASSIGN_OR_RETURN(group.threshold, ParseThreshold(items[2], group.members.size()));
    names_[std::string(items[1])] = {true, policy_.groups_.size()};
    policy_.groups_.push_back(std::move(group));
    return absl::OkStatus();
  }

  absl::StatusOr<std::size_t> ParseThreshold(std::string_view text,
                                             std::size_t member_count) const {
    if (text == "any") return std::size_t{1};
    if (text == "all") return member_count;
    const auto count = ReadDecimal(text, member_count);
    if (!count.has_value() || *count == 0) {
      return Error(Quoted(text), StrCat("all, any or 1 to ", member_count, " (its members)"));
    }
    return static_cast<std::size_t>(*count);
  }

  absl::Status ParseQuorum(const Items& items) {
    if (items.size() != 2) return Error(StrCat(items.size(), " items"), "quorum <name>");
    if (has_quorum_) return Error("a second quorum", "one");
    has_quorum_ = true;
    if (items[1] == kNone) return absl::OkStatus();
    const auto member = names_.find(items[1]);
    if (member == names_.end()) {
      return Error(Quoted(items[1]), "none, or a witness or group of the lines above");
    }
    policy_.quorum_ = member->second;
    return absl::OkStatus();
  }

  LogPolicy policy_;
  std::size_t line_number_ = 0;
  bool has_quorum_ = false;
  std::map<std::string, LogPolicy::Member, std::less<>> names_;
  std::set<std::string, std::less<>> grouped_;
};

absl::StatusOr<LogPolicy> LogPolicy::Parse(std::string_view text) {
  return PolicyParser().Parse(text);
}

std::vector<VerifierKey> LogPolicy::LogKeys() const {
  std::vector<VerifierKey> keys;
  for (const Log& log : logs_) keys.push_back(log.key);
  return keys;
}

bool LogPolicy::IsQuorum(const std::vector<bool>& cosigned) const {
  if (!quorum_.has_value()) return true;
  std::vector<bool> decided;  // by group
  const auto holds = [&](const Member& member) {
    return member.is_group ? decided.at(member.index) : cosigned.at(member.index);
  };
  for (const Group& group : groups_) {
    const auto count = std::count_if(group.members.begin(), group.members.end(), holds);
    decided.push_back(static_cast<std::size_t>(count) >= group.threshold);
  }
  return holds(*quorum_);
}

absl::StatusOr<TrustedCheckpoint> OpenCheckpoint(std::string_view note_bytes,
                                                 std::span<const VerifierKey> log_keys,
                                                 const LogPolicy& policy) {
  TRIBUTARY_RETURN_IF_ERROR(CheckKinds(log_keys, NoteAlgorithm::kEd25519, "log_keys"));
  TRIBUTARY_RETURN_IF_ERROR(CheckLogKeys(log_keys, policy));
  TRIBUTARY_ASSIGN_OR_RETURN(const Note note, ParseNote(note_bytes));
  TrustedCheckpoint trusted;
  TRIBUTARY_ASSIGN_OR_RETURN(trusted.checkpoint, ParseCheckpoint(note.text));
  const LogCheckpoint& checkpoint = trusted.checkpoint;
  if (checkpoint.tree_size == 0 && checkpoint.root_hash != EmptyRoot()) {
    return InvalidField("checkpoint line 3", checkpoint.root_hash.ToHex(),
                        "the root of an empty tree at size 0");
  }
  std::vector<VerifierKey> keys(log_keys.begin(), log_keys.end());
  for (const LogPolicy::Witness& witness : policy.witnesses()) keys.push_back(witness.key);
  TRIBUTARY_ASSIGN_OR_RETURN(const SortedSignatures sorted, VerifySignatures(note, keys));
  trusted.unknown_count = sorted.unknown.size();
  std::vector<std::optional<std::uint64_t>> times(policy.witnesses().size());
  bool signed_by_log = false;
  for (const VerifiedSignature& signature : sorted.verified) {
    if (signature.key_index >= log_keys.size()) {
      times[signature.key_index - log_keys.size()] = signature.time_s;
    } else if (log_keys[signature.key_index].name() == checkpoint.origin) {
      signed_by_log = true;
    }
  }
  if (!signed_by_log) {
    return FieldError(absl::StatusCode::kUnauthenticated, "checkpoint",
                      StrCat("no signature by a known key of ", Quoted(checkpoint.origin)),
                      "one by the log that it names");
  }
  std::vector<bool> cosigned;
  for (std::size_t i = 0; i < times.size(); ++i) {
    cosigned.push_back(times[i].has_value());
    if (times[i].has_value()) {
      trusted.cosigners.push_back({policy.witnesses()[i].name, *times[i]});
    }
  }
  if (!policy.IsQuorum(cosigned)) {
    return FieldError(absl::StatusCode::kFailedPrecondition, "checkpoint",
                      StrCat("cosignatures of ", trusted.cosigners.size(), " of ",
                             policy.witnesses().size(), " witnesses"),
                      "a quorum of the policy");
  }
  return trusted;
}

absl::StatusOr<TrustedCheckpoint> OpenCheckpoint(std::string_view note_bytes,
                                                 const LogPolicy& policy) {
  return OpenCheckpoint(note_bytes, policy.LogKeys(), policy);
}

}  // namespace tributary
