// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of a few bytes that a remote host can
// neither predict nor make collide. For initial numbers and table slots, not for secrets of weight.
#pragma once

#include "sys/bytes.h"

#include <cstdint>

namespace kyu {

struct siphash_key {
  uint64_t k0 = 0, k1 = 0;
};

// Words are hashed as numbers, so that every host has the same result.
uint64_t siphash(const siphash_key &, std::span<const uint64_t> words);

}  // namespace kyu
