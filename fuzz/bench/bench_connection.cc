// fuzz_stack, on the standard connection again and again.
#include "bench/fixed_input.h"
#include "bench/standard.h"
#include "targets/driver.h"

using namespace kyu::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_one(target::stack, data, size);
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t, size_t max_size, unsigned) {
  static const std::vector<uint8_t> input = encode(from_script(standard_connection).ops);
  return put_fixed_input(input, data, max_size);
}
