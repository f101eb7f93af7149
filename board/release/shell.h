// The console's commands: what an operator, or a test, asks a running board for.
#pragma once

#include "stack.h"

namespace kyu::board {

// Starts the thread that reads lines from the console; "help" lists what it knows.
void shell_start(Stack &);

}  // namespace kyu::board
