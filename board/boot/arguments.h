// What a debugger or an emulator gave the image at its start: "-semihosting-config arg=kyu,arg=NAME=VALUE". A
// board by itself has none.
#pragma once

namespace kyu::board {

// The value of NAME=VALUE; null: it was not given.
const char *argument(const char *name);

}  // namespace kyu::board
