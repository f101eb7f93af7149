#include "targets/driver.h"

#include "scenario/mutator.h"
#include "watch/crash.h"
#include "world/world.h"

#include <algorithm>
#include <cstdlib>

// libFuzzer's; other engines have none.
extern "C" [[gnu::weak]] size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

namespace kyu::fuzz {

namespace {

// For comparison with lesser harnesses: KYUFUZZ_POOLS, KYUFUZZ_NO_ORACLES, KYUFUZZ_NO_POINTS.
world_options options_from_environment() {
  world_options o;
  const char *pools = getenv("KYUFUZZ_POOLS");
  o.pools = watch::pool_mode_named(pools != nullptr ? pools : "best").value_or(o.pools);
  o.oracles = getenv("KYUFUZZ_NO_ORACLES") == nullptr;
  o.points = getenv("KYUFUZZ_NO_POINTS") == nullptr;
  return o;
}

size_t fit(const std::vector<uint8_t> &bytes, uint8_t *data, size_t max_size) {
  size_t n = std::min(bytes.size(), max_size);
  std::copy_n(bytes.begin(), n, data);
  return n;
}

}  // namespace

int fuzz_one(target t, const uint8_t *data, size_t size) {
  static world *w = [] {
    watch::install_crash_handlers();
    return new world(options_from_environment());  // forgotten at exit: fibers sleep in it
  }();
  static target_input input;
  decode_input(t, {data, size}, input);
  input.ops = as_target(t, std::move(input));
  w->run(input.ops);
  return 0;
}

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
