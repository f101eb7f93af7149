// Threads of the board: preemptive, with priorities, each on a stack of its own with unmapped pages below.
// And what they wait for: semaphores, which interrupts may signal too, and condition variables.
#pragma once

#include "boot/cpu.h"
#include "kernel/scheduler.h"
#include "sys/port.h"

#include <cstddef>
#include <cstdint>

namespace kyu::board {

inline constexpr int max_threads = 64;
inline constexpr size_t thread_stack_bytes = 32 * 1024;

using thread_body = void (*)(void *);

// The caller becomes the idle thread; call thread_idle() when all is set up. Interrupts are off before that.
void threads_begin();
[[noreturn]] void thread_idle();

// False: there are max_threads already. `name` must outlive it. A thread ends when its body returns.
bool thread_start(const char *name, priority, thread_body, void *arg);
thread_id thread_self();
const char *thread_name();
void thread_sleep_ms(uint32_t ms);

// Kyu's semaphores. With `forever` a wait has no limit; false: it timed out. Signals go to who came first.
bool sem_wait(semaphore &, uint32_t timeout_ms);
void sem_signal(semaphore &);

// Something may be true now for which threads wait. What is waited for is guarded by having interrupts off,
// so that interrupts may change it: wait() is called so, lets them happen while it sleeps, and returns so.
// The caller looks at what it waits for again.
class condition {
 public:
  void wait(const no_interrupts &, uint64_t until_us = never);
  void notify_all();

 private:
  void *queue_ = nullptr;
};

// What there is to say of a thread.
struct thread_info {
  const char *name;
  priority level;
  task::state is;
  uint32_t stack_used;  // bytes, at most so far
  uint32_t pc, fp;      // where it sleeps; 0 for the running one
};
// The n-th thread that there is, or was and left its place to nobody yet; false: there are fewer.
bool thread_at(int n, thread_info *);

// A thread's stack; below `low` it is unmapped.
struct stack_info {
  const char *owner;
  uintptr_t low, high;
};
// The stack that contains this address, or what is unmapped below it does; false: none.
bool stack_around(uintptr_t address, stack_info *);

// From now on, unless it is fed again within that time, the image ends with a report of every thread.
void watchdog_feed(uint32_t ms);

// Nothing goes on: no thread can ever run again, or the watchdog was not fed. Then pc, fp and lr are those of
// what the processor was busy with; 0: it was idle.
struct standstill_report {
  const char *why;
  uint32_t pc, fp, lr;
};
// Must not return.
using standstill_handler = void (*)(const standstill_report &);
void on_standstill(standstill_handler);

// Times that another thread was given the processor, and microseconds that nobody wanted it.
struct processor_use {
  uint64_t switches, idle_us, interrupts;
};
processor_use processor_used();

}  // namespace kyu::board
