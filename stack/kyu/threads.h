// Kyu's own threads: one feeds received frames to the stack, one drives its timers.
#pragma once

#include "sys/guarded.h"

#include <cstdint>

namespace kyu {

struct Stack;

// Thread bodies. They return when the port shuts down.
void input_thread(Stack &, uint32_t);
void timer_thread(Stack &, uint32_t);

// `ticks` of 100 ms have passed: the fast timer runs every 200 ms, the slow one every 500 ms. For
// ticks that were skipped each runs once at most. With the locker held.
NET_LOCKED void timer_ticks(Stack &, uint32_t ticks);

// Of the next `at_most` ticks, how many may be skipped because no timer has anything to do in them.
NET_LOCKED uint32_t timer_idle_ticks(const Stack &, uint32_t at_most);

}  // namespace kyu
