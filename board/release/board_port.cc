#include "release/board_port.h"

#include "devices/emac.h"
#include "devices/timer.h"
#include "kernel/thread.h"
#include "kyu/threads.h"
#include "release/watch.h"
#include "stack.h"
#include "sys/siphash.h"

namespace kyu::board {

namespace {

struct start_order {
  thread_entry entry = nullptr;
  Stack *st = nullptr;
  uint32_t word = 0;
};
start_order orders[max_threads];  // that their threads have not taken yet

// The timer thread comes by ten times a second, and each time has had the locker: whoever keeps it for longer
// than this has brought the system to a stand.
constexpr uint32_t locker_ms = 10'000;

uint64_t ahead_ms, ticks;
bool winding;

uint64_t now_ms() { return timer_ms() + ahead_ms; }

// The H3 has no documented source of randomness. What a remote host cannot know is when exactly, at 24 MHz,
// this was asked before: each answer goes into the next one's key.
uint32_t random32() {
  static siphash_key key{timer_us(), 0x6b79756675};
  static uint64_t count;
  const uint64_t words[] = {read_cntvct(), ++count};
  key.k0 ^= siphash(key, words);
  return uint32_t(siphash(key, words) >> 32);
}

// Before the locker is taken: the watcher knows then whose doing what follows is.
thread_id self() {
  watch_thread(thread_name());
  return thread_self();
}

void thread_body_of_stack(void *arg) {
  start_order order = *static_cast<start_order *>(arg);
  *static_cast<start_order *>(arg) = {};
  order.entry(*order.st, order.word);
}

priority priority_of(thread_entry entry) {
  if (entry == input_thread) return priority::input;
  return entry == timer_thread ? priority::timer : priority::user;
}

bool start(const char *name, thread_entry entry, Stack &st, uint32_t word) {
  no_interrupts lock;
  for (start_order &o : orders) {
    if (o.entry != nullptr) continue;
    o = {entry, &st, word};
    if (thread_start(name, priority_of(entry), thread_body_of_stack, &o)) return true;
    o = {};
    return false;
  }
  return false;
}

// While winding, a tick comes each millisecond.
uint32_t tick_wait() {
  constexpr uint64_t tick = Stack::tick_ms;
  uint64_t next = (ticks + 1) * tick;
  watchdog_feed(locker_ms);
  while (now_ms() < next) {
    thread_sleep_ms(winding ? 1 : uint32_t(next - now_ms()));
    if (winding && now_ms() < next) ahead_ms += next - now_ms();
  }
  auto due = uint32_t(now_ms() / tick - ticks);
  ticks += due;
  return due;
}

}  // namespace

const kyu::port &board_port() {
  static const kyu::port p = {
      .ctx = nullptr,
      .now_ms = [](void *) { return now_ms(); },
      .random32 = [](void *) { return random32(); },
      .sem_wait = [](void *, semaphore &s, uint32_t ms) { return sem_wait(s, ms); },
      .sem_signal = [](void *, semaphore &s) { sem_signal(s); },
      .thread_start = [](void *, const char *name, thread_entry e, Stack &st,
                         uint32_t word) { return start(name, e, st, word); },
      .thread_self = [](void *) { return self(); },
      .rx_wait = [](void *) { return emac_receive(); },
      .tick_wait = [](void *) { return tick_wait(); },
      .tx_reserve = [](void *, uint32_t len) { return emac_reserve(len); },
      .tx_commit = [](void *, uint32_t len) { emac_commit(len); },
  };
  return p;
}

void wind_clock_forward() { winding = true; }

}  // namespace kyu::board
