// The generic timer's virtual counter (ARMv7-A, DDI 0406, B8): the clock, and one alarm.
#pragma once

#include <cstdint>

namespace kyu::board {

// Since the image started; never go back.
uint64_t timer_us();
inline uint64_t timer_ms() { return timer_us() / 1000; }

// The alarm's handler is called from an interrupt at or after that time, once.
void timer_start(void (*handler)());
void timer_alarm_at(uint64_t us);
void timer_no_alarm();

}  // namespace kyu::board
