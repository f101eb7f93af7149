#include "targets/driver.h"

#include "scenario/mutator.h"
#include "watch/crash.h"
#include "world/world.h"

#include <algorithm>
#include <cstdlib>

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

namespace kyu::fuzz {

namespace {

// For comparison with lesser harnesses: KYUFUZZ_POOLS, KYUFUZZ_NO_ORACLES.
world_options options_from_environment() {
  world_options o;
  const char *pools = getenv("KYUFUZZ_POOLS");
  o.pools = watch::pool_mode_named(pools != nullptr ? pools : "best").value_or(o.pools);
  o.oracles = getenv("KYUFUZZ_NO_ORACLES") == nullptr;
  return o;
}

size_t fit(const scenario &s, uint8_t *data, size_t max_size) {
  std::vector<uint8_t> bytes = encode(s);
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
  static scenario ops;
  decode({data, size}, ops);
  ops = as_target(t, std::move(ops));
  w->run(ops);
  return 0;
}

size_t mutate_bytes(target t, uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  random_source r(seed);
  if (r.one_in(32)) return LLVMFuzzerMutate(data, size, max_size);
  scenario s = decode({data, size});
  mutate(s, t, r);
  return fit(s, data, max_size);
}

}  // namespace kyu::fuzz

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                            uint8_t *out, size_t max_size, unsigned seed) {
  using namespace kyu::fuzz;
  random_source r(seed);
  return fit(cross(decode({a, a_size}), decode({b, b_size}), r), out, max_size);
}
