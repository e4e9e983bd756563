// What a power cut could leave on the disk, made from a recording of a run.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/support/fault_disk.h"

namespace tributary::test {

// How strict the disk takes POSIX.
struct CrashModel {
  // A sync of a file also keeps the name it was created under (as ext4, XFS and btrfs do). Without
  // it only the sync of the directory does.
  bool file_sync_keeps_name = true;
};

// Writes into `directory` (made if need be, else empty) one state that a power cut after the first
// `cut` steps could leave, chosen by the seed: the same four arguments, the same image.
//
// - Bytes that were synced are there. Of writes and truncations since the last sync of their file
//   any subset is, in 512-byte sectors; a file may have grown without its bytes (zeros).
// - Names (creations, renames, links, removals) are durable once their directory was synced. Of
//   the others any subset took place, or a prefix of them as on a journalling file system.
// - After a sync that failed, what it should have kept is lost or there, and no later sync keeps
//   it: the kernel may have dropped the pages.
//
// Each image takes one way for all its bytes and one for all its names: nothing, everything, a
// prefix, or a random subset.
void MaterializeCrashImage(const Recording& recording, std::size_t cut, std::uint64_t seed,
                           const std::string& directory, const CrashModel& model = {});

}  // namespace tributary::test
