// What the fuzz targets share: a world that lives as long as the process.
#pragma once

#include "targets/custom_mutator.h"

namespace kyu::fuzz {

int fuzz_one(target, const uint8_t *data, size_t size);

}  // namespace kyu::fuzz

// The entry points of a libFuzzer target.
#define KYU_FUZZ_TARGET(which)                                                                               \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {                                  \
    return kyu::fuzz::fuzz_one(which, data, size);                                                           \
  }                                                                                                          \
  extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {    \
    return kyu::fuzz::mutate_bytes(which, data, size, max_size, seed);                                       \
  }                                                                                                          \
  extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b,             \
                                              size_t b_size, uint8_t *out, size_t max_size, unsigned seed) { \
    return kyu::fuzz::cross_bytes(which, {a, a_size}, {b, b_size}, out, max_size, seed);                     \
  }
