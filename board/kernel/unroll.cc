#include "kernel/unroll.h"

#include "watch/frame_pointer.h"

namespace kyu::board {

namespace {

constexpr uint32_t word = 4;

uint32_t offset(uint32_t fp, int words) { return fp + uint32_t(words) * word; }

// The frame of whom `fp` leads to holds no return address: a function that calls nobody saves its caller's
// frame pointer alone.
bool is_leaf(uint32_t fp, const stack_view &stack, bool (*is_code)(uint32_t)) {
  if (!stack.has(fp)) return false;
  uint32_t at = offset(fp, watch::return_at);
  return !stack.has(at) || !is_code(stack[at]);
}

// Where the chain goes on behind a return address that was in LR: a frame that has it already is the
// interrupted function's own.
uint32_t behind_lr(uint32_t fp, uint32_t lr, const stack_view &stack, bool (*is_code)(uint32_t)) {
  if (is_leaf(fp, stack, is_code)) return stack[fp];
  uint32_t caller = offset(fp, watch::caller_at), ret = offset(fp, watch::return_at);
  bool own = stack.has(caller) && stack.has(ret) && stack[ret] == lr;
  return own ? stack[caller] : fp;
}

}  // namespace

int unroll(uint32_t fp, uint32_t lr, const stack_view &stack, bool (*is_code)(uint32_t), uint32_t *out,
           int max) {
  int n = 0;
  if (lr != 0 && n < max && is_code(lr)) {
    out[n++] = lr;
    fp = behind_lr(fp, lr, stack, is_code);
  }
  while (n < max) {
    uint32_t caller = offset(fp, watch::caller_at), ret = offset(fp, watch::return_at);
    if (!stack.has(caller) || !stack.has(ret) || !is_code(stack[ret])) break;
    out[n++] = stack[ret];
    if (stack[caller] <= fp) break;
    fp = stack[caller];
  }
  return n;
}

}  // namespace kyu::board
