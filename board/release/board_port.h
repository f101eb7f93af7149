// Kyu's port interface on the board: its threads, its clock, its Ethernet.
#pragma once

#include "sys/port.h"

#include <cstdint>

namespace kyu::board {

const kyu::port &board_port();

// From now on the clock runs ahead, as fast as the timer thread can follow it: for what is to be over soon.
void wind_clock_forward();

}  // namespace kyu::board
