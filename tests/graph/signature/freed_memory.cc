#include "tests/graph/signature/freed_memory.h"

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

// One thread runs these tests, so plain variables are enough.
namespace {

const char* sought = nullptr;
std::size_t sought_size = 0;
int found_count = 0;

}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

void* Allocate(std::size_t size) {
  void* block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  std::memset(block, 0, malloc_usable_size(block));  // nothing of what stood there before
  return block;
}

void Free(void* block) {
  if (block == nullptr) return;
  if (sought != nullptr &&
      memmem(block, malloc_usable_size(block), sought, sought_size) != nullptr) {
    ++found_count;
  }
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* block) noexcept { Free(block); }
void operator delete(void* block, std::size_t) noexcept { Free(block); }
void operator delete[](void* block) noexcept { Free(block); }
void operator delete[](void* block, std::size_t) noexcept { Free(block); }

#endif

namespace tributary::test {

FreedMemory::FreedMemory(std::string_view secret) {
  found_count = 0;
  sought = secret.data();
  sought_size = secret.size();
}
FreedMemory::~FreedMemory() { sought = nullptr; }
int FreedMemory::FoundCount() const { return found_count; }

}  // namespace tributary::test
