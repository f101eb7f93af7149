#include "watch/callstack.h"

#include "watch/frame_pointer.h"

// A walk up a stack reads what no function of ours owns.
#ifdef __clang__
#define NOT_SANITIZED __attribute__((no_sanitize("address", "memory", "thread", "undefined")))
#else
#define NOT_SANITIZED
#endif

namespace kyu::watch {

namespace {

// A caller's frame lies above its callee's, and not absurdly far: this ends the walk at the bottom
// of any stack, a fiber's too, whose entry function has a null frame pointer.
constexpr uintptr_t max_frame_bytes = 1 << 20;

NOT_SANITIZED __attribute__((always_inline)) inline void walk(callstack &out, int n, uintptr_t fp, int skip) {
  while (n < max_frames && fp != 0 && fp % sizeof(uintptr_t) == 0) {
    const uintptr_t *frame = reinterpret_cast<const uintptr_t *>(fp);
    uintptr_t next = frame[caller_at], ret = frame[return_at];
    if (ret < 4096) break;
    if (skip > 0)
      --skip;
    else
      out.pc[n++] = ret - 1;  // inside the call, not behind it
    if (next <= fp || next - fp > max_frame_bytes) break;
    fp = next;
  }
  if (n < max_frames) out.pc[n] = 0;
}

}  // namespace

NOT_SANITIZED __attribute__((noinline)) void take_callstack(callstack &out, int skip) {
#ifdef __arm__
  asm volatile("" ::: "lr");  // a function that calls nobody has no return address in its frame otherwise
#endif
  walk(out, 0, reinterpret_cast<uintptr_t>(__builtin_frame_address(0)), skip);
}

NOT_SANITIZED void take_callstack_at(callstack &out, uintptr_t pc, uintptr_t fp) {
  out.pc[0] = pc;
  walk(out, 1, fp, 0);
}

}  // namespace kyu::watch
