// Call stacks by frame pointers: cheap enough to take one for every event of an object's life.
#pragma once

#include <cstdint>

namespace kyu::watch {

inline constexpr int max_frames = 10;

// Return addresses, innermost first; 0 behind the last one.
struct callstack {
  uintptr_t pc[max_frames];
};

// Of the caller, without its `skip` innermost frames.
void take_callstack(callstack &, int skip);

// Of a thread that stopped at `pc` with frame pointer `fp`, as a fault handler knows them.
void take_callstack_at(callstack &, uintptr_t pc, uintptr_t fp);

}  // namespace kyu::watch
