// An exception to the default schedule, and the op that a scenario has for it.
#pragma once

#include "scenario/op.h"
#include "sys/port.h"

namespace kyu::fuzz {

inline constexpr thread_id any_thread = no_thread - 1;

// When `thread` gets to `at`, after it was there `skip` times, it waits until `to` has run and sleeps
// again: for what is still to come, where `to` has nothing to do yet.
struct preemption {
  thread_id thread = 0;
  sched_point at = sched_point::net_lock;
  uint32_t skip = 0;
  thread_id to = any_thread;
};

preemption preemption_of(const op &);
op op_of(const preemption &);

}  // namespace kyu::fuzz
