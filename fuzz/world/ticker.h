// The virtual clock's ticks: when the timer thread runs, and how far the clock may jump.
#pragma once

#include "stack.h"
#include "world/scheduler.h"

namespace kyu::fuzz {

class ticker {
 public:
  explicit ticker(scheduler &s) : sched_(s) {}
  // The clock begins again; a timer thread that sleeps stays asleep.
  void restart() { due_ = 0, given_ = 0; }

  // ms: when the next thing happens, at most `until`.
  uint64_t next(const Stack &, uint64_t until) const;
  // Moves the clock to the next thing that happens, at most to `until` ms: a wait that times out, or a
  // tick in which a timer of the stack's has work and its thread waits for it. Threads that it makes ready
  // are the caller's to run.
  void step_to(const Stack &, uint64_t until);

  // The port's tick_wait().
  uint32_t wait();

 private:
  scheduler &sched_;
  uint64_t given_ = 0;  // ticks that the timer thread was told of
  uint32_t due_ = 0;
  thread_id sleeper_ = no_thread;
};

}  // namespace kyu::fuzz
