// Payload as a function of who sends it and of the place in the stream, so that every delivered byte
// can be checked. The period is 64 KiB.
#pragma once

#include "sys/bytes.h"

namespace kyu::fuzz {

inline constexpr int user_stream = 100;  // what the stack's own users send; peers have 0, 1, ...

constexpr uint8_t stream_byte(int sender, uint32_t at) {
  return uint8_t(at * 7 + (at >> 8) * 13 + uint32_t(sender));
}

inline void fill_stream(int sender, uint32_t at, bytes out) {
  for (uint32_t i = 0; i < out.size(); ++i) out[i] = stream_byte(sender, at + i);
}

}  // namespace kyu::fuzz
