// What libFuzzer itself costs: a target that does nothing.
#include "bench/fixed_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *, size_t) { return 0; }

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t, size_t max_size, unsigned) {
  static constexpr uint8_t input[64] = {};
  return kyu::fuzz::put_fixed_input(input, data, max_size);
}
