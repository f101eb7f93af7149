// Who watches the stack of a running board. The release has nobody (unwatched.cc); the guard and KASAN images
// have the harness's watcher (watched.cc). One of the two is linked.
#pragma once

#include "stack.h"

namespace kyu::board {

// Adds what the watcher needs to a configuration: redzones, quarantine, pages.
void watch_widen(stack_config &);
const pool_seam *watch_seam();
// The stack has been made.
void watch_begin(Stack &);
void watch_thread(const char *name);
// How the pools are watched, for the banner.
const char *watch_name();

}  // namespace kyu::board
