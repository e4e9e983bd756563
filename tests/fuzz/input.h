// The bytes of a fuzzer as numbers, one after another.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tributary {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}
  std::size_t left() const { return bytes_.size(); }
  // Zero where nothing is left.
  std::uint64_t Take(std::size_t size) {
    std::uint64_t value = 0;
    for (; size > 0 && !bytes_.empty(); --size, bytes_ = bytes_.subspan(1)) {
      value = value << 8 | bytes_.front();
    }
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace tributary
