#include "kyu/threads.h"

#include "stack.h"

namespace kyu {

namespace {

constexpr uint32_t fast_ticks = Stack::fast_ms / Stack::tick_ms;
constexpr uint32_t slow_ticks = Stack::slow_ms / Stack::tick_ms;

// The first multiple of `every` at or after `tick`.
uint64_t next_multiple(uint64_t tick, uint32_t every) { return (tick + every - 1) / every * every; }

}  // namespace

void input_thread(Stack &st, uint32_t) {
  const port &p = *st.port;
  for (;;) {
    const_bytes frame = p.rx_wait(p.ctx);
    if (frame.empty()) return;
    net_locked lock(st);
    ether_input(st, frame);
  }
}

void timer_thread(Stack &st, uint32_t) {
  const port &p = *st.port;
  for (;;) {
    uint32_t ticks = p.tick_wait(p.ctx);
    if (ticks == 0) return;
    net_locked lock(st);
    timer_ticks(st, ticks);
  }
}

void timer_ticks(Stack &st, uint32_t ticks) {
  uint64_t was = st.ticks;
  st.ticks += ticks;
  if (st.ticks / fast_ticks != was / fast_ticks) tcp_fasttimo(st);
  if (st.ticks / slow_ticks == was / slow_ticks) return;
  tcp_slowtimo(st);
  ip_slowtimo(st);
  arp_timer(st);
}

uint32_t timer_idle_ticks(const Stack &st, uint32_t at_most) {
  uint64_t due = UINT64_MAX;
  if (tcp_delack_pending(st)) due = next_multiple(st.ticks + 1, fast_ticks);
  uint64_t slow_ms = min_of(min_of(tcp_next_slow_due(st), arp_next_due(st)), ip_next_due(st));
  if (slow_ms != UINT64_MAX) {
    uint64_t now = st.now();
    uint64_t wait = slow_ms > now ? (slow_ms - now + Stack::tick_ms - 1) / Stack::tick_ms : 1;
    due = min_of(due, next_multiple(st.ticks + max_of(wait, uint64_t(1)), slow_ticks));
  }
  if (due == UINT64_MAX) return at_most;
  return uint32_t(min_of(due - st.ticks - 1, uint64_t(at_most)));
}

}  // namespace kyu
