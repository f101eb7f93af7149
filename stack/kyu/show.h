// What an operator asks for at Kyu's console. Output goes through a line printer, so that a board
// and a test can take it.
#pragma once

#include "sys/guarded.h"

#include <cstdint>

namespace kyu {

struct Stack;

struct line_printer {
  void *ctx = nullptr;
  void (*line)(void *ctx, const char *text) = nullptr;
};

// With the locker held: one line for each socket, and one for each of the pools.
NET_LOCKED void socket_show(const Stack &, const line_printer &);
NET_LOCKED void pool_show(Stack &, const line_printer &);
// Any time: the locker, as a panic prints it.
void locker_show(const Stack &, const line_printer &);

}  // namespace kyu
