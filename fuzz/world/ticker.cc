#include "world/ticker.h"

#include "kyu/threads.h"

#include <algorithm>
#include <utility>

namespace kyu::fuzz {

namespace {

constexpr uint32_t tick = Stack::tick_ms;

}  // namespace

uint64_t ticker::next(const Stack &st, uint64_t until) const {
  uint64_t last_tick = until / tick;
  uint64_t next = std::min(until, sched_.next_timeout());
  if (last_tick > given_ && sleeper_ != no_thread) {
    uint32_t ahead = uint32_t(std::min<uint64_t>(last_tick - given_, UINT32_MAX));
    uint64_t busy_tick = given_ + timer_idle_ticks(st, ahead) + 1;
    if (busy_tick <= last_tick) next = std::min(next, busy_tick * tick);
  }
  return std::max(next, sched_.now());
}

void ticker::step_to(const Stack &st, uint64_t until) {
  sched_.advance_to(next(st, until));
  uint64_t tick_now = sched_.now() / tick;
  if (tick_now == given_ || sleeper_ == no_thread) return;
  due_ = uint32_t(tick_now - given_);
  given_ = tick_now;
  sched_.wake(std::exchange(sleeper_, no_thread));
}

uint32_t ticker::wait() {
  while (due_ == 0) {
    sleeper_ = sched_.self();
    sched_.block();
  }
  return std::exchange(due_, 0);
}

}  // namespace kyu::fuzz
