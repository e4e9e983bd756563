// Whose the kept grains are: parties by their units, and the parts that belong to nobody on record.

#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/attribution/attribution.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/cancel.h"
#include "graph/model/digest.h"

namespace tributary {

// Enumerators stand in the byte order of their key texts, so that (kind, id) orders as keys do.
enum class PayeeKind : std::uint8_t {
  kParty = 0,     // party:<party id>
  kUnattributed,  // unattributed
  kUnclaimed,     // unclaimed:<asset id>, retained by an asset without holders on record
  kUndisclosed,   // undisclosed:<asset id>, which came to an asset of unstated sources
};

// Who a line of an answer belongs to. Ordered by the bytes of Key().
class Payee {
 public:
  static Payee Party(std::string party) { return {PayeeKind::kParty, std::move(party)}; }
  static Payee Unattributed() { return {PayeeKind::kUnattributed, std::string()}; }
  static Payee Unclaimed(const Digest& asset) { return {PayeeKind::kUnclaimed, asset}; }
  static Payee Undisclosed(const Digest& asset) { return {PayeeKind::kUndisclosed, asset}; }

  PayeeKind kind() const { return kind_; }
  const std::string& party() const { return std::get<std::string>(id_); }  // kParty only
  const Digest& asset() const { return std::get<Digest>(id_); }  // kUnclaimed, kUndisclosed only
  std::string Key() const;

  friend auto operator<=>(const Payee&, const Payee&) = default;

 private:
  Payee(PayeeKind kind, std::variant<std::string, Digest> id) : kind_(kind), id_(std::move(id)) {}

  PayeeKind kind_;
  std::variant<std::string, Digest> id_;
};

struct PayeeLine {
  Payee payee;
  Grains grains = 0;
  friend bool operator==(const PayeeLine&, const PayeeLine&) = default;
};

struct PayeeLimits {
  // 16 M lines of 64 bytes are 1 GiB: as many as a collected subgraph may have assets.
  std::size_t line_count_max = 16'777'216;
};

// Splits `placed` grains of an attribution over payees.
//
// Shape:  one line a payee, none with zero grains, in ascending order of payee.
// Rule:   an asset's retained grains R go to its holders in byte order of party id: holder i gets
//         floor(R * U(i) / U) - floor(R * U(i-1) / U), U(i) their cumulative units, U the sum.
//         Grains of one payee from several assets are added. The lines add up to result.placed.
// Errors: kResourceExhausted  line_count_max was met.
//         kDataLoss           holders without units, or fewer than were announced.
//         kInternal           the lines do not add up.
//         kCancelled, kDeadlineExceeded and the reader's own errors.
// Cost:   O(V + H + L log L) for H holders and L lines; holders and ids are read in batches.
absl::StatusOr<std::vector<PayeeLine>> SplitOverPayees(const LineageReader& reader,
                                                       const LineageSubgraph& subgraph,
                                                       const AttributionResult& result,
                                                       const PayeeLimits& limits = {},
                                                       const CancelToken* cancel = nullptr);

}  // namespace tributary
