// The bare stack: one thread, no watcher, frames recorded beforehand, so that nothing but the stack is
// measured.
#pragma once

#include <cstdint>

namespace kyu::fuzz {

struct bare_cost {
  double ns_per_frame = 0;  // that comes in; API calls and what goes out included
  double ns_per_reset = 0;  // stack_init() over the last scenario's stack
};

// `connections` standard connections on one stack, with pools `pool_scale` times as large as usual.
bare_cost measure_bare(uint32_t connections, uint32_t pool_scale);

}  // namespace kyu::fuzz
