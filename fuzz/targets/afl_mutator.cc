// The custom mutator and crossover as AFL++ loads them: AFL_CUSTOM_MUTATOR_LIBRARY names the library that is
// made of this file and a target (AFL++'s docs/custom_mutators.md).
#include "scenario/random.h"
#include "targets/custom_mutator.h"

#include <algorithm>
#include <vector>

#define KYU_EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

constexpr kyu::fuzz::target fuzzed = kyu::fuzz::target::KYU_TARGET;

struct afl_mutator {
  kyu::fuzz::random_source random;
  std::vector<uint8_t> out;
};

}  // namespace

KYU_EXPORT void *afl_custom_init(void *, unsigned seed) {
  return new afl_mutator{kyu::fuzz::random_source(seed), {}};
}

KYU_EXPORT void afl_custom_deinit(void *m) { delete static_cast<afl_mutator *>(m); }

// AFL++ offers a second input with each first one; crossing is to mutating as libFuzzer has it.
KYU_EXPORT size_t afl_custom_fuzz(void *opaque, uint8_t *data, size_t size, uint8_t **out, uint8_t *other,
                                  size_t other_size, size_t max_size) {
  auto &m = *static_cast<afl_mutator *>(opaque);
  unsigned seed = unsigned(m.random.next());
  m.out.resize(std::max(size, max_size));
  *out = m.out.data();
  if (other != nullptr && m.random.one_in(4))
    return kyu::fuzz::cross_bytes(fuzzed, {data, size}, {other, other_size}, *out, max_size, seed);
  std::copy_n(data, size, *out);
  return kyu::fuzz::mutate_bytes(fuzzed, *out, size, max_size, seed);
}
