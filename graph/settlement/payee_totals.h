// What sales gave each payee in all, without the reasons: the form for a million works.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "graph/settlement/sale_lines.h"

namespace tributary {

// Adds up lines of any number of flows in one currency, by payee, or by hold where one has caught
// them. All orders of hash tables stay in here: sums do not depend on them.
class PayeeTotals final : public LineSink {
 public:
  explicit PayeeTotals(std::size_t line_count_max) : line_count_max_(line_count_max) {}

  void Add(const PayeeView& payee, const LineReason& reason, Hold hold, Grains grains) override;
  void AddHeld(std::uint32_t hold, Grains grains);
  // Errors: kResourceExhausted, line_count_max.
  absl::Status EndBatch() override;

  // By party id, asset id, or place in the list of holds.
  const absl::flat_hash_map<std::string, Grains>& parties() const { return parties_; }
  const absl::flat_hash_map<Digest, Grains>& unclaimed() const { return unclaimed_; }
  const absl::flat_hash_map<Digest, Grains>& undisclosed() const { return undisclosed_; }
  const std::vector<Grains>& held() const { return held_; }
  Grains unattributed() const { return unattributed_; }

 private:
  const std::size_t line_count_max_;
  absl::flat_hash_map<std::string, Grains> parties_;
  absl::flat_hash_map<Digest, Grains> unclaimed_;
  absl::flat_hash_map<Digest, Grains> undisclosed_;
  std::vector<Grains> held_;
  Grains unattributed_ = 0;
};

}  // namespace tributary
