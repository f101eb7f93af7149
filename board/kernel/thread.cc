#include "kernel/thread.h"

#include "boot/mmu.h"
#include "devices/gic.h"
#include "devices/timer.h"
#include "kernel/switch.h"
#include "sys/bytes.h"

#include <algorithm>
#include <cstring>

extern "C" {
// What the interrupt vector leaves on the stack for rfe.
struct interrupt_frame {
  uint32_t lr, pc, cpsr;
};
void board_interrupt(const interrupt_frame *, uint32_t fp);
}

namespace kyu::board {

namespace {

constexpr uint32_t stack_filling = 0x5ac55ac5;
constexpr uint64_t us_of_ms = 1000;

struct thread : task {
  uint32_t *sp = nullptr;  // while it does not run
  thread_body body = nullptr;
  void *arg = nullptr;
};

struct stack_area {
  alignas(page_bytes) uint8_t guard[stack_guard_bytes];
  alignas(page_bytes) uint32_t words[thread_stack_bytes / 4];
};
static_assert(sizeof(stack_area) == stack_guard_bytes + thread_stack_bytes);

[[gnu::section(".noinit")]] stack_area stacks[max_threads];
thread threads[max_threads];
thread idle_thread;
scheduler sched(idle_thread);
processor_use used;
uint64_t idle_since;
bool in_interrupt;
// The patience is counted out in parts, so that a pause of the whole machine, an emulator's, counts for one
// of them.
constexpr int watchdog_parts = 4;
struct {
  uint64_t next = never, part_us = 0;
  int missed = 0;
} watchdog;
standstill_handler standstill;

thread &running() { return static_cast<thread &>(sched.current()); }
stack_area &stack_of(const thread &t) { return stacks[&t - threads]; }

void set_alarm() {
  uint64_t next = std::min(sched.next_event(), watchdog.next);
  if (next == never)
    timer_no_alarm();
  else
    timer_alarm_at(next);
}

// With interrupts off. Returns when this thread runs again.
void switch_threads() {
  uint64_t now = timer_us();
  thread &from = running(), &to = static_cast<thread &>(sched.pick(now));
  set_alarm();
  if (&from == &to) return;
  ++used.switches;
  if (&to == &idle_thread) idle_since = now;
  if (&from == &idle_thread) used.idle_us += now - idle_since;
  context_switch(&from.sp, to.sp);
}

void give_way() {
  if (sched.should_switch(timer_us()))
    switch_threads();
  else
    set_alarm();
}

void sleep_in(void *&queue, uint64_t until_us) {
  sched.sleep(queue, until_us);
  switch_threads();
}

uint64_t deadline(uint32_t timeout_ms) {
  return timeout_ms == forever ? never : timer_us() + timeout_ms * us_of_ms;
}

void thread_main(void *arg) {
  thread &t = *static_cast<thread *>(arg);
  enable_interrupts();
  t.body(t.arg);
  disable_interrupts();
  sched.retire();
  switch_threads();  // and never back
}

// The alarm itself has nothing to do: board_interrupt() looks at the time after each interrupt.
void on_alarm() {}

}  // namespace

void threads_begin() {
  idle_thread.name = "idle";
  idle_thread.id = no_thread - 1;
  for (stack_area &s : stacks) mmu_protect(s.guard, sizeof s.guard, access::none);
  timer_start(on_alarm);
}

void thread_idle() {
  enable_interrupts();
  for (;;) {
    no_interrupts lock;
    switch_threads();
    if (sched.nothing_can_happen() && !gic_expects_devices())
      standstill({"deadlock: every thread sleeps, and nothing is left that could wake one", 0, 0, 0});
    wait_for_interrupt();  // ends also while interrupts are off, by one that is pending
  }
}

bool thread_start(const char *name, priority level, thread_body body, void *arg) {
  no_interrupts lock;
  auto *t = std::find_if(std::begin(threads), std::end(threads),
                         [](const thread &u) { return u.is == task::state::unused; });
  if (t == std::end(threads)) return false;
  stack_area &stack = stack_of(*t);
  std::fill(std::begin(stack.words), std::end(stack.words), stack_filling);
  t->sp = new_stack(std::end(stack.words), thread_main, &*t);
  t->name = name;
  t->id = uint16_t(t - threads);
  t->level = level;
  t->body = body;
  t->arg = arg;
  sched.make_ready(*t);
  give_way();
  return true;
}

thread_id thread_self() { return running().id; }
const char *thread_name() { return running().name; }

void thread_sleep_ms(uint32_t ms) {
  semaphore nobody_signals;
  sem_wait(nobody_signals, max_of(ms, 1u));
}

bool sem_wait(semaphore &sem, uint32_t timeout_ms) {
  no_interrupts lock;
  if (sem.count > 0) {
    --sem.count;
    return true;
  }
  sleep_in(sem.queue, deadline(timeout_ms));
  return !running().timed_out;
}

// The unit goes to the first waiter directly, so that nobody can take it in between.
void sem_signal(semaphore &sem) {
  no_interrupts lock;
  if (!sched.wake_one(sem.queue)) {
    ++sem.count;
    return;
  }
  if (!in_interrupt) give_way();
}

void condition::wait(const no_interrupts &, uint64_t until_us) { sleep_in(queue_, until_us); }

void condition::notify_all() {
  no_interrupts lock;
  while (sched.wake_one(queue_)) {
  }
  if (!in_interrupt) give_way();
}

bool thread_at(int n, thread_info *out) {
  no_interrupts lock;
  for (thread &t : threads) {
    if (t.body == nullptr || n-- != 0) continue;
    const stack_area &stack = stack_of(t);
    const uint32_t *touched = std::find_if(std::begin(stack.words), std::end(stack.words),
                                           [](uint32_t w) { return w != stack_filling; });
    *out = {t.name, t.level, t.is, uint32_t(std::end(stack.words) - touched) * 4, 0, 0};
    if (t.is != task::state::unused && &t != &running()) {
      auto *frame = reinterpret_cast<const switch_frame *>(t.sp);
      out->pc = frame->pc;
      out->fp = frame->fp;
    }
    return true;
  }
  return false;
}

bool stack_around(uintptr_t address, stack_info *out) {
  for (thread &t : threads) {
    const stack_area &stack = stack_of(t);
    if (address < reinterpret_cast<uintptr_t>(&stack) || address >= reinterpret_cast<uintptr_t>(&stack + 1))
      continue;
    *out = {t.name, reinterpret_cast<uintptr_t>(stack.words),
            reinterpret_cast<uintptr_t>(std::end(stack.words))};
    return true;
  }
  return false;
}

void watchdog_feed(uint32_t ms) {
  no_interrupts lock;
  watchdog.part_us = ms * us_of_ms / watchdog_parts;
  watchdog.next = timer_us() + watchdog.part_us;
  watchdog.missed = 0;
  set_alarm();
}

void on_standstill(standstill_handler handler) { standstill = handler; }

processor_use processor_used() {
  no_interrupts lock;
  return used;
}

}  // namespace kyu::board

void board_interrupt(const interrupt_frame *frame, uint32_t fp) {
  using namespace kyu::board;
  ++used.interrupts;
  in_interrupt = true;
  gic_dispatch();
  in_interrupt = false;
  uint64_t now = timer_us();
  sched.pass_time(now);
  if (now >= watchdog.next) {
    if (++watchdog.missed == watchdog_parts)
      standstill({"watchdog: not fed in time", frame->pc, fp, frame->lr});
    watchdog.next = now + watchdog.part_us;
  }
  give_way();
}
