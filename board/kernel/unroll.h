// Kyu's unroll: who called whom, by frame pointers.
#pragma once

#include <cstdint>

namespace kyu::board {

// A thread's stack: the words from `low` to `high`.
struct stack_view {
  uint32_t low = 0, high = 0;
  const uint32_t *words = nullptr;

  bool has(uint32_t at) const { return at % 4 == 0 && at >= low && at < high; }
  uint32_t operator[](uint32_t at) const { return words[(at - low) / 4]; }
};

// Return addresses from the innermost caller on, at most `max`; how many. Ends where a frame pointer leaves
// the stack or does not lead upward, whatever lies on the stack. `lr`: the link register where a fault
// interrupted a function that has called nobody yet, and so may not have saved it; 0: the return addresses
// are on the stack.
int unroll(uint32_t fp, uint32_t lr, const stack_view &, bool (*is_code)(uint32_t), uint32_t *out, int max);

}  // namespace kyu::board
