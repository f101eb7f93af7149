// Kyu's locker: the one big lock that the input, timer and user threads share, and the wait
// channels on which they sleep without it (BSD: splnet, tsleep, wakeup).
#pragma once

#include "sys/errno.h"
#include "sys/guarded.h"
#include "sys/port.h"
#include "sys/queue.h"

#include <cstdint>

namespace kyu {

struct Stack;

struct locker {
  semaphore lk_sem{1, nullptr};
  thread_id lk_holder = no_thread;
  uint32_t lk_came = 0, lk_left = 0;  // how often threads asked for it, and gave it back

  // Threads that hold it or wait for it.
  uint32_t count() const {
    return __atomic_load_n(&lk_came, __ATOMIC_RELAXED) - __atomic_load_n(&lk_left, __ATOMIC_RELAXED);
  }
};

// One thread that sleeps; lies on that thread's stack. Each has a semaphore of its own: with one for all,
// who sleeps again at once could take the unit that was meant for another.
struct wait_entry {
  semaphore we_sem;
  queue_link<wait_entry> we_link;
};

// Threads that sleep for one reason. Guarded by the locker: whoever sleeps has registered before it
// gave the locker back, so a wake-up cannot be lost.
struct wait_channel {
  queue<wait_entry, &wait_entry::we_link> wc_queue NET_GUARDED;  // registered and not yet signalled
};

NET_LOCKS void net_lock(Stack &);
NET_UNLOCKS void net_unlock(Stack &);
// The running thread holds it.
bool net_is_mine(const Stack &);

// Holds the locker for a scope.
class NET_LOCK_SCOPE net_locked {
 public:
  NET_LOCKS explicit net_locked(Stack &st) : st_(st) { net_lock(st_); }
  NET_UNLOCKS ~net_locked() { net_unlock(st_); }
  net_locked(const net_locked &) = delete;
  net_locked &operator=(const net_locked &) = delete;

 private:
  Stack &st_;
};

// Gives the locker back, sleeps until wakeup() or for timeout_ms, takes the locker again.
// err::again: it timed out. The caller looks at what it waits for again in each case.
NET_LOCKED err sleep_on(Stack &, wait_channel &, uint32_t timeout_ms);

// Wakes all that sleep on the channel. With the locker held.
NET_LOCKED void wakeup(Stack &, wait_channel &);

}  // namespace kyu
