#include "targets/custom_mutator.h"

#include "scenario/mutator.h"

#include <algorithm>

// libFuzzer's; other engines have none.
extern "C" [[gnu::weak]] size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

namespace kyu::fuzz {

namespace {

size_t fit(const std::vector<uint8_t> &bytes, uint8_t *data, size_t max_size) {
  size_t n = std::min(bytes.size(), max_size);
  std::copy_n(bytes.begin(), n, data);
  return n;
}

}  // namespace

size_t mutate_bytes(target t, uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  random_source r(seed);
  if (LLVMFuzzerMutate != nullptr && r.one_in(32)) return LLVMFuzzerMutate(data, size, max_size);
  target_input input;
  decode_input(t, {data, size}, input);
  mutate(input, t, r);
  return fit(encode_input(t, input), data, max_size);
}

size_t cross_bytes(target t, std::span<const uint8_t> a, std::span<const uint8_t> b, uint8_t *out,
                   size_t max_size, unsigned seed) {
  random_source r(seed);
  target_input one, other;
  decode_input(t, a, one);
  decode_input(t, b, other);
  one.ops = cross(one.ops, other.ops, r);
  return fit(encode_input(t, one), out, max_size);
}

}  // namespace kyu::fuzz
