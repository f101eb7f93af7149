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
  // The pseudo header of UDP and TCP (RFC 9293, 3.1).
  void add_pseudo(uint32_t src, uint32_t dst, uint8_t proto, uint16_t len);
  uint16_t fold() const;

 private:
  uint64_t sum_ = 0;  // of 16-bit words in memory order
  bool odd_ = false;  // an odd number of bytes so far
};

}  // namespace kyu
