// What the images that end badly have in common: each holds several kinds of damage, and KYU_DAMAGE says
// which one it does.
#pragma once

#include "kernel/thread.h"

#include <cstring>
#include <span>

namespace kyu::board {

struct damage {
  const char *name;
  thread_body body;
};

// Does it, in a thread of its own, and does not come back.
[[noreturn]] inline void suffer(std::span<const damage> kinds) {
  for (const damage &d : kinds)
    if (strcmp(d.name, KYU_DAMAGE) == 0) thread_start(d.name, priority::user, d.body, nullptr);
  thread_idle();
}

}  // namespace kyu::board
