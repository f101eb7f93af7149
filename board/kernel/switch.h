// One thread's registers for another's (switch.S).
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {
// Saves the caller's registers and stack pointer, and goes on where `load_sp` was saved.
void context_switch(uint32_t **save_sp, uint32_t *load_sp);
void thread_trampoline();
}

namespace kyu::board {

// Below every stack, and unmapped. No function's frame is larger than half of it (board/processor.cmake), so
// none reaches over it.
inline constexpr size_t stack_guard_bytes = 32 * 1024;

// What lies on the stack of who does not run.
struct switch_frame {
  uint32_t r4, r5, r6_to_r10[5], fp, pc;
};

// A stack whose owner, when it is first switched to, calls `body(arg)`, which must not return. `top` is
// aligned to 8.
inline uint32_t *new_stack(uint32_t *top, void (*body)(void *), void *arg) {
  auto *frame = reinterpret_cast<switch_frame *>(top) - 1;
  *frame = {};
  frame->r4 = uint32_t(reinterpret_cast<uintptr_t>(arg));
  frame->r5 = uint32_t(reinterpret_cast<uintptr_t>(body));
  frame->pc = uint32_t(reinterpret_cast<uintptr_t>(thread_trampoline));
  return reinterpret_cast<uint32_t *>(frame);
}

}  // namespace kyu::board
