// Oracles 2 to 4: life cycle, accounting, leaks. They look at a stack in which every thread sleeps,
// and report what cannot be.
#pragma once

#include "stack.h"
#include "watch/watcher.h"

namespace kyu::fuzz {

// So long after all was closed, every retransmission, probe and 2 MSL has run out.
inline constexpr uint64_t drain_ms = 2 * 3600 * 1000;

// Limits that hold since no user has set another one: what waits was let in under the one that stands.
struct unchanged {
  bool backlogs, buffers;
};

// Life cycle, accounting and limits of every object that is reachable. Costs what is in use, not what the
// pools hold.
void audit(Stack &, const unchanged &);

// All is closed and every timer has run out: every pool is full again, and no dead object was
// written to.
void audit_end(Stack &, const watch::watcher &);

}  // namespace kyu::fuzz
