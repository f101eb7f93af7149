// What the libFuzzer targets share: a world that lives as long as the process, and the custom
// mutator and crossover.
#pragma once

#include "scenario/target.h"

#include <cstddef>
#include <cstdint>

namespace kyu::fuzz {

int fuzz_one(target, const uint8_t *data, size_t size);
size_t mutate_bytes(target, uint8_t *data, size_t size, size_t max_size, unsigned seed);

}  // namespace kyu::fuzz
