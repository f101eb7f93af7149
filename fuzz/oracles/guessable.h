// Numbers that nobody may guess who has seen others of their kind: the first of a connection's stream (RFC
// 6528), the identifiers of queries (RFC 5452, 9.2), clients' ports (RFC 6056).
#pragma once

#include <cstdint>

namespace kyu::fuzz {

// Numbers of so many bits. They can be guessed when each follows the last one by the same step, or nearly.
class guessable {
 public:
  guessable(int bits, uint32_t nearly) : unused_bits_(32 - bits), nearly_(nearly) {}

  // Another one that was chosen anew. True: so that it could have been guessed from the last three, which
  // chance does once in 2^32 times, or less.
  bool another(uint32_t number) {
    int32_t step = apart(number, last_);
    bool same = chosen_ >= 2 && within(apart(uint32_t(step), uint32_t(step_)));
    same_steps_ = same ? same_steps_ + 1 : 0;
    last_ = number;
    step_ = step;
    ++chosen_;
    return same_steps_ >= 2;
  }

 private:
  // By the shorter way around.
  int32_t apart(uint32_t a, uint32_t b) const { return int32_t((a - b) << unused_bits_) >> unused_bits_; }
  bool within(int32_t n) const { return n <= int32_t(nearly_) && n >= -int32_t(nearly_); }

  int unused_bits_;
  uint32_t nearly_;
  uint32_t chosen_ = 0, last_ = 0, same_steps_ = 0;
  int32_t step_ = 0;
};

}  // namespace kyu::fuzz
