// The durable head of a ledger, kept outside its store: what was acknowledged can then not be lost
// in silence.
//
// A store that recovers from a damaged log answers OK with fewer records, exactly as after a power
// cut. So each commit goes: store durable, then anchor durable, then acknowledged; and at opening
// the two are compared. A store at or ahead of the anchor is good; a store behind it has lost
// acknowledged records; the same size with another root is another history.
//
// The file has two slots of 4 KiB, written in turn, each with two copies of one 512-byte image in
// its first and last sector (docs/formats/anchor.md). What that detects:
// - A power cut while a slot is written harms that slot alone; the other one holds the last
//   acknowledged head. The head found is that one, or the one being written, which the store holds
//   already.
// - Damage to one copy, up to all of its sector, changes nothing: the other copy speaks.
// - Damage to both copies of the newest slot looks like a cut while it was written: the head found
//   is then one Advance older than what was acknowledged, never more, and may_be_one_behind() says
//   that this may have happened. A store is still caught when it is behind that older head; a loss
//   of the last batch alone is not.
// - Damage to both slots, slots whose sequences do not follow each other, and a file of another
//   ledger are refused.
// - An old anchor put back as a whole is not detected here; that takes a witness.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/digest.h"
#include "storage/file_io.h"

namespace tributary {

inline constexpr std::uint32_t kAnchorFormatVersion = 1;
inline constexpr std::size_t kAnchorSlotSize = 4096;  // bytes
inline constexpr std::size_t kAnchorSlotCount = 2;
inline constexpr std::size_t kAnchorCopySize = 512;  // bytes; one sector
inline constexpr std::size_t kAnchorCopyCount = 4;   // two in each slot
inline constexpr std::size_t kAnchorFileSize = kAnchorSlotSize * kAnchorSlotCount;

struct AnchorHead {
  std::uint64_t epoch = 0;
  std::uint64_t tree_size = 0;
  Digest root_hash;
  friend bool operator==(const AnchorHead&, const AnchorHead&) = default;
};

// Any thread may call. The io must outlive the anchor. Nothing keeps two processes from opening one
// anchor: whoever opens it holds the lock of its store.
class Anchor {
 public:
  // Makes the file, with the head of an empty tree. `ledger` is the SHA-256 of the ledger's name.
  // Durable: on OK the file and its name are. After a crash the file is whole or not there.
  // Errors:  kAlreadyExists  there is a file; kResourceExhausted, kUnavailable and others as
  // FileIo.
  static absl::StatusOr<std::unique_ptr<Anchor>> Create(FileIo& io, const std::string& path,
                                                        const Digest& ledger, std::uint64_t epoch);

  // Durable: on OK the head found is, even where a killed process had not synced it.
  // Errors:  kNotFound            no such file; whether that is loss, the caller knows.
  //          kDataLoss            no slot is readable, or the slots contradict each other.
  //          kFailedPrecondition  another ledger's anchor, or of a newer format.
  static absl::StatusOr<std::unique_ptr<Anchor>> Open(FileIo& io, const std::string& path,
                                                      const Digest& ledger);

  // The newest durable head. A new anchor has tree size 0.
  AnchorHead head() const;

  // Of the four copies, how many were not readable when the file was opened.
  std::size_t unreadable_copy_count() const { return unreadable_copy_count_; }
  // A copy in the other slot than the head's was not readable: it may have held a newer head, and
  // the one found is then one Advance older than what was acknowledged.
  bool may_be_one_behind() const { return may_be_one_behind_; }

  // Moves the head; the same head again is answered OK without writing.
  // Durable: on OK the head is.
  // Errors:  kFailedPrecondition  another epoch, a smaller size, or the same size with another
  //                               root; nothing was written.
  //          kUnavailable         the disk failed: the head may be the old or the new one. The
  //                               anchor moves no more until it is opened again.
  absl::Status Advance(const AnchorHead& head);

 private:
  // What is known of the file when the anchor is opened.
  struct State {
    AnchorHead head;
    std::uint64_t sequence = 0;
    std::size_t unreadable_copy_count = 0;
    bool may_be_one_behind = false;
  };
  static absl::StatusOr<State> Decode(const std::string& path, const std::string& bytes,
                                      const Digest& ledger);

  Anchor(std::string path, std::unique_ptr<File> file, const Digest& ledger, const State& state);
  absl::Status CheckSuccessor(const AnchorHead& head) const;

  const std::string path_;
  const Digest ledger_;
  const std::size_t unreadable_copy_count_;
  const bool may_be_one_behind_;
  mutable std::mutex mutex_;  // guards all below
  const std::unique_ptr<File> file_;
  AnchorHead head_;
  std::uint64_t sequence_;
  absl::Status failure_;  // once not OK, for ever
};

}  // namespace tributary
