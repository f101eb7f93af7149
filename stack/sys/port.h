// Everything that the outside must supply to the stack: threads, semaphores, clock, entropy, the
// wire, and panic. A port is a table of functions with one context pointer; there are three kinds
// (fibers of the harness, host threads, the board's kernel).
#pragma once

#include "sys/bytes.h"

#include <cstdint>

namespace kyu {

struct Stack;

// A counting semaphore. `count` and `queue` belong to the port: no code of the stack looks inside,
// and one that nobody waits for may be forgotten without a word to the port.
struct semaphore {
  int32_t count = 0;
  void *queue = nullptr;
};

using thread_id = uint16_t;
using thread_entry = void (*)(Stack &, uint32_t word);
inline constexpr thread_id no_thread = 0xffff;
inline constexpr uint32_t forever = 0;  // as a time-out

// Places where it matters which thread runs next.
enum class sched_point : uint8_t {
  net_lock,    // the thread is about to take the locker
  net_unlock,  // it has given the locker back
  sleep,       // it is registered on a wait channel, has given the locker back, and does not sleep yet
  wakeup,      // it has woken a channel's sleepers, and holds the locker, as in the two that follow
  sb_lock,     // it is about to take a buffer's lock
  sb_unlock,   // it has given a buffer's lock back
  // Those that a port knows by itself:
  spawn,  // it has started a thread
  exit,   // it has done all its work
  yield,  // it is between two pieces of work
};
inline constexpr int sched_points = int(sched_point::yield) + 1;

struct port {
  void *ctx = nullptr;

  // Virtual or real milliseconds since the stack was made; never goes back.
  uint64_t (*now_ms)(void *ctx) = nullptr;
  // 32 bits that a remote host cannot guess (seeded, under the harness).
  uint32_t (*random32)(void *ctx) = nullptr;

  // Takes one unit, sleeping for up to timeout_ms (`forever`: no limit). False: it timed out.
  bool (*sem_wait)(void *ctx, semaphore &sem, uint32_t timeout_ms) = nullptr;
  // Gives one unit. May be called with or without the locker held, never sleeps.
  void (*sem_signal)(void *ctx, semaphore &sem) = nullptr;

  // Starts a thread; false where the port has no thread left. `name` must outlive it.
  bool (*thread_start)(void *ctx, const char *name, thread_entry entry, Stack &st, uint32_t word) = nullptr;
  thread_id (*thread_self)(void *ctx) = nullptr;
  // The running thread is at such a place: a port may let others run before it returns. Null: it never does.
  void (*reach)(void *ctx, sched_point) = nullptr;

  // Input thread: sleeps until a frame has arrived; valid until the next call. Empty: shut down.
  const_bytes (*rx_wait)(void *ctx) = nullptr;
  // Timer thread: sleeps for at least one tick of 100 ms; the number of ticks that have passed
  // since it last returned. A port may skip ticks for which timer_idle_ticks() says that nothing
  // is due. 0: shut down.
  uint32_t (*tick_wait)(void *ctx) = nullptr;

  // A transmit buffer for a frame of `len` bytes, or null where the ring is full or the link down.
  // The stack fills it and commits it before anything else.
  uint8_t *(*tx_reserve)(void *ctx, uint32_t len) = nullptr;
  void (*tx_commit)(void *ctx, uint32_t len) = nullptr;
};

inline void reach(const port &p, sched_point at) {
  if (p.reach != nullptr) p.reach(p.ctx, at);
}

// Supplied at link time: prints, stops the host, never returns.
[[noreturn]] void port_panic(const char *what);

}  // namespace kyu
