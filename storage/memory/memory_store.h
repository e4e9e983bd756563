// The reference engine: a sorted map in memory with versions per cell. It is the referee of the
// tests and offers nothing durable beyond the life of its medium.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "storage/store.h"

namespace tributary {

// What a disk is to another engine: the cells, which outlive the store opened on them. Dropping
// the store and opening another one on the same medium is a restart.
class MemoryMedium;
std::shared_ptr<MemoryMedium> NewMemoryMedium();

// Opens the medium; it stays open until the store is destroyed.
//
// Referee: families kLog and kUpstream hold immutable cells. A batch that would change one answers
// kInternal and writes nothing. Writing the same bytes again is not a change. A cell of kUpstream
// may be deleted (staged edges that no record made real), a cell of kLog never.
// CopyTo: kUnimplemented.
// Cost:   a snapshot is one integer; a write keeps the older versions that a live snapshot sees.
// Errors: kFailedPrecondition  the medium is open already.
absl::StatusOr<std::unique_ptr<Store>> OpenMemoryStore(std::shared_ptr<MemoryMedium> medium);

// A store on a fresh medium of its own.
std::unique_ptr<Store> NewMemoryStore();

}  // namespace tributary
