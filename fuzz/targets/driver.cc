#include "targets/driver.h"

#include "watch/crash.h"
#include "world/world.h"

#include <cstdlib>

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

}  // namespace kyu::fuzz
