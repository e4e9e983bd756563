// The port through which sales, statements and what concerns them are read.
//
// Declared by its consumer, as graph/lineage/lineage_reader.h is.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/model/record.h"
#include "graph/model/record_type.h"

namespace tributary {

// A record of the log with its place.
struct LoggedRecord {
  LogPosition position;
  TimeMs accepted_time;
  Digest id;
  Record record;
};

// Reads one state of one ledger: everything answers as of tree_size(), and every list is complete.
// Any thread may call. Errors of every method, beside its own: kDataLoss, kUnavailable, kCancelled,
// kDeadlineExceeded, as LineageReader.
class SettlementReader {
 public:
  virtual ~SettlementReader() = default;

  virtual TreeSize tree_size() const = 0;

  // The lineage at the same tree size. Lives as long as this.
  virtual const LineageReader& lineage() const = 0;

  // The same ledger at an earlier tree size, at least 1. kOutOfRange above tree_size().
  virtual absl::StatusOr<std::shared_ptr<const SettlementReader>> At(TreeSize tree_size) const = 0;

  // How many records of a type stand below `end`: the index of the first at or after it.
  virtual absl::StatusOr<std::uint64_t> CountBefore(RecordType type, LogPosition end) const = 0;

  // Positions of records [first, first + count_max) of a type, in the order of the log.
  virtual absl::StatusOr<std::vector<LogPosition>> ListPositions(RecordType type,
                                                                 std::uint64_t first,
                                                                 std::size_t count_max) const = 0;

  // Shape: (*records)[i] stands at positions[i].
  virtual absl::Status ReadRecords(std::span<const LogPosition> positions,
                                   std::vector<LoggedRecord>* records) const = 0;

  // The record with this id; nullopt: none at this tree size.
  virtual absl::StatusOr<std::optional<LoggedRecord>> FindRecord(const Digest& id) const = 0;

  // The record in force under the identity of `probe`, of which only its identity counts.
  virtual absl::StatusOr<std::optional<LoggedRecord>> FindInForce(
      const RecordBody& probe) const = 0;

  // The number of an asset; nullopt: not recorded at this tree size.
  virtual absl::StatusOr<std::optional<AssetNumber>> FindAsset(const Digest& asset) const = 0;

  // The newest log position at which an asset's record, derivation or holders in force stand: at
  // all tree sizes above it, up to this one, the asset by itself is as it is now.
  // Shape: (*positions)[i] belongs to assets[i].
  virtual absl::Status ReadLastChanges(std::span<const AssetNumber> assets,
                                       std::vector<LogPosition>* positions) const = 0;

  // The bytes of lines [first, first + count_max) of the statement or adjustment recorded at
  // `record`, in their order. kNotFound if that is neither.
  virtual absl::StatusOr<std::vector<std::string>> ReadLines(LogPosition record,
                                                             std::uint64_t first,
                                                             std::size_t count_max) const = 0;
};

}  // namespace tributary
