#include "targets/custom_mutator.h"

#include "scenario/mutator.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

// libFuzzer's; other engines have none.
extern "C" [[gnu::weak]] size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

namespace kyu::fuzz {

namespace {

size_t fit(const std::vector<uint8_t> &bytes, uint8_t *data, size_t max_size) {
  size_t n = std::min(bytes.size(), max_size);
  std::copy_n(bytes.begin(), n, data);
  return n;
}

// For comparison with a lesser harness: KYUFUZZ_MUTATOR=bytes.
bool only_bytes() {
  static const bool only = [] {
    const char *which = getenv("KYUFUZZ_MUTATOR");
    return which != nullptr && std::string_view(which) == "bytes";
  }();
  return only;
}

}  // namespace

size_t mutate_bytes(target t, uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  random_source r(seed);
  // Blind changes now and then, also by what the engine has seen compared: they find other bugs than ours do.
  if (LLVMFuzzerMutate != nullptr && (only_bytes() || r.one_in(4)))
    return LLVMFuzzerMutate(data, size, max_size);
  target_input input;
  decode_input(t, {data, size}, input);
  mutate(input, t, r);
  return fit(encode_input(t, input), data, max_size);
}

size_t cross_bytes(target t, std::span<const uint8_t> a, std::span<const uint8_t> b, uint8_t *out,
                   size_t max_size, unsigned seed) {
  if (only_bytes()) return 0;  // there is no crossing of bytes either: it would need to know where ops end
  random_source r(seed);
  target_input one, other;
  decode_input(t, a, one);
  decode_input(t, b, other);
  one.ops = cross(one.ops, other.ops, r);
  return fit(encode_input(t, one), out, max_size);
}

}  // namespace kyu::fuzz
