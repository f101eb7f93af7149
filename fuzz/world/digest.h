// The digest: a hash of all that a scenario made visible. Fed with values and bytes, never with
// addresses; the same on every host.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

namespace kyu::fuzz {

class digest {
 public:
  void reset() { h_ = 0x6b797566757a7a31; }

  void add(uint64_t v) {
    h_ = (h_ ^ v) * 0x9e3779b97f4a7c15;
    h_ ^= h_ >> 29;
  }

  // Eight bytes at a time, read as little-endian numbers.
  void add(std::span<const uint8_t> bytes) {
    add(bytes.size());
    size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
      uint64_t v;
      memcpy(&v, &bytes[i], 8);
      add(v);
    }
    uint64_t tail = 0;
    for (int shift = 0; i < bytes.size(); ++i, shift += 8) tail |= uint64_t(bytes[i]) << shift;
    add(tail);
  }

  uint64_t value() const { return h_; }
  // Where the value is, up to date at any time.
  const uint64_t *place() const { return &h_; }

 private:
  uint64_t h_ = 0x6b797566757a7a31;
};

}  // namespace kyu::fuzz
