#include "targets/driver.h"

#include "watch/crash.h"
#include "world/world.h"

#include <cstdlib>

// libFuzzer takes what it finds here for coverage: an input that shows an event to a state of TCP for the
// first time, or in new circumstances, is kept, also where it reaches no new line of code. It clears them
// before each run.
[[gnu::section("__libfuzzer_extra_counters"),
  gnu::used]] static uint8_t cells[kyu::TCP_NSTATES * kyu::TCP_NEVENTS +
                                   (kyu::TCP_NEVENTS + kyu::TCP_NCIRCUMSTANCES) * kyu::TCP_NCIRCUMSTANCES];

namespace kyu::fuzz {

namespace {

// `columns` cells for each row.
template <class Row, size_t N>
uint8_t *count_rows(const Row (&rows)[N], int columns, uint8_t *at) {
  for (Row row : rows) {
    for (uint32_t left = row; left != 0; left &= left - 1) at[__builtin_ctz(left)] = 1;
    at += columns;
  }
  return at;
}

void count_cells(const tcp_cells &met) {
  uint8_t *at = count_rows(met.met, TCP_NEVENTS, cells);
  at = count_rows(met.amid, TCP_NCIRCUMSTANCES, at);
  count_rows(met.together, TCP_NCIRCUMSTANCES, at);
}

// For comparison with lesser harnesses: KYUFUZZ_POOLS, KYUFUZZ_NO_ORACLES, KYUFUZZ_WITHOUT_ORACLE,
// KYUFUZZ_NO_POINTS.
world_options options_from_environment() {
  world_options o;
  const char *pools = getenv("KYUFUZZ_POOLS");
  o.pools = watch::pool_mode_named(pools != nullptr ? pools : "best").value_or(o.pools);
  if (getenv("KYUFUZZ_NO_ORACLES") != nullptr) o.oracles = oracle_set::none();
  if (const char *name = getenv("KYUFUZZ_WITHOUT_ORACLE"); name != nullptr) o.oracles.remove(name);
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
  count_cells(w->run(input.ops).cells);
  return 0;
}

}  // namespace kyu::fuzz
