// The end of an image.
#pragma once

namespace kyu::board {

// Tells a debugger or an emulator by semihosting, which ends with this status. A board by itself has nobody
// to tell: the console shows the status, and the processor sleeps until it is reset.
[[noreturn]] void power_off(int status);

}  // namespace kyu::board
