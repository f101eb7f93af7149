#include "release/watch.h"

namespace kyu::board {

void watch_widen(stack_config &) {}
const pool_seam *watch_seam() { return nullptr; }
void watch_begin(Stack &) {}
void watch_thread(const char *) {}
const char *watch_name() { return "plain pools"; }

}  // namespace kyu::board
