// fuzz_api: API calls and time, with peers that answer by themselves.
#include "targets/driver.h"

using namespace kyu::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_one(target::api, data, size);
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  return mutate_bytes(target::api, data, size, max_size, seed);
}
