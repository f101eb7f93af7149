// The Internet checksum (RFC 1071).
#pragma once

#include "memory/mbuf.h"
#include "sys/bytes.h"

namespace kyu {

// One's complement sum over pieces of any length; fold() gives the checksum to put in a header, or
// 0 over data that holds a correct one.
class in_cksum {
 public:
  void add(const_bytes);
  // `len` bytes of a chain from `off`; the chain must have them.
  void add(const mbuf *, uint32_t off, uint32_t len);

  // A header that was just filled in, at an even place. Summed as a value: read back from memory by words,
  // fields that were written one by one would stall.
  template <class Header>
  void add_header(const Header &h) {
    static_assert(sizeof h % 4 == 0 && alignof(Header) == 1);
    uint32_t words[sizeof h / 4];
    __builtin_memcpy(words, &h, sizeof h);
    for (uint32_t w : words) sum_ += w;
  }

  // The pseudo header of UDP and TCP (RFC 9293, 3.1): the sum of swapped words is the swapped sum
  // (RFC 1071, 2B).
  void add_pseudo(uint32_t src, uint32_t dst, uint8_t proto, uint16_t len) {
    be16 wire;
    wire = fold16(uint64_t(src) + dst + proto + len);
    sum_ += memory_order(wire);
  }

  uint16_t fold() const {
    uint16_t s = fold16(sum_);
    be16 wire;
    __builtin_memcpy(wire.b, &s, 2);
    return uint16_t(~uint16_t(wire));
  }

 private:
  static uint16_t fold16(uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return uint16_t((sum & 0xffff) + (sum >> 16));
  }

  static uint16_t memory_order(be16 wire) {
    uint16_t word;
    __builtin_memcpy(&word, wire.b, 2);
    return word;
  }

  uint64_t sum_ = 0;  // of 16-bit words in memory order
  bool odd_ = false;  // an odd number of bytes so far
};

}  // namespace kyu
