// Oracle 5: no thread sleeps while what it waits for is true, none waits for itself in a circle, none is
// passed over again and again.
#pragma once

#include "stack.h"

#include <span>

namespace kyu::fuzz {

// A thread that sleeps on a semaphore, as every other does.
struct sleeper {
  thread_id id = 0;
  const char *name = "";
  const semaphore *on = nullptr;
  uint64_t wakes_in = UINT64_MAX;  // ms, by itself; UINT64_MAX: never
  uint32_t naps = 0;               // how often it has gone to sleep on this one, with none between
  bool wants_all = false;          // it looks at data with MSG_WAITALL, and takes none
  uint32_t want = 0;               // bytes that it receives; 0: not known
  const socket *polls = nullptr;
  uint8_t events = 0;  // for which it polls
};

// Who goes to sleep at a buffer's lock so often, and nowhere else between, is passed over by others. The
// locker is given to who has waited for longest: who wakes up there has it.
inline constexpr uint32_t max_naps_at_a_lock = 256;

// Allocations, frees and changes of objects that one frame may cause: a reset that empties both buffers of a
// connection with as many mbufs and clusters as a scenario has comes to some thousand.
inline constexpr uint64_t max_events_per_frame = 3000;

// Once all threads sleep.
void audit_liveness(const Stack &, std::span<const sleeper>);
// Of one that has gone to sleep max_naps_at_a_lock times on end on one semaphore: while others run.
void audit_starvation(const Stack &, const sleeper &);
// Of one frame, whose input has caused so many events.
void audit_work(uint64_t events);

}  // namespace kyu::fuzz
