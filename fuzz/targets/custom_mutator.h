// Mutation and crossover of inputs, as engines ask for them: bytes in, bytes out, on ops in between.
#pragma once

#include "scenario/target.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace kyu::fuzz {

// Both return how many bytes they left, which is at most max_size.
size_t mutate_bytes(target, uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t cross_bytes(target, std::span<const uint8_t> a, std::span<const uint8_t> b, uint8_t *out,
                   size_t max_size, unsigned seed);

}  // namespace kyu::fuzz
