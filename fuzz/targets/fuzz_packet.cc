// fuzz_packet: raw frames toward a stack with servers.
#include "targets/driver.h"

using namespace kyu::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_one(target::packet, data, size);
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  return mutate_bytes(target::packet, data, size, max_size, seed);
}
