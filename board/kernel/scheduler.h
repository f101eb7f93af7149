// Who runs: priorities, time slices, sleeping and waking. Plain data without a processor, so that it is
// tested on a host; thread.cc gives it one.
#pragma once

#include <cstdint>

namespace kyu::board {

// A higher one runs first; equals take turns.
enum class priority : uint8_t { idle, user, timer, input };
inline constexpr int priorities = 4;

inline constexpr uint64_t never = UINT64_MAX;
inline constexpr uint64_t slice_us = 10'000;  // of one thread, while others of its priority are ready

struct task {
  enum class state : uint8_t { unused, ready, running, sleeping };

  const char *name = "";
  uint16_t id = 0;
  priority level = priority::idle;
  state is = state::unused;
  bool timed_out = false;
  task *next = nullptr;        // on the ready queue, or of those who sleep for the same
  void **sleeps_in = nullptr;  // the head of that queue
  uint64_t wakes_at = never;   // us
  uint64_t slice_ends = 0;     // us
};

class scheduler {
 public:
  // `idle` is running, and runs whenever nobody else can.
  explicit scheduler(task &idle);

  task &current() { return *current_; }

  void make_ready(task &);
  // The current task goes to the end of `queue`, whose head is null where nobody waits; pick() then chooses
  // another. Whoever it is that wakes it, timed_out says why it runs again.
  void sleep(void *&queue, uint64_t until_us);
  // The first that sleeps in `queue` becomes ready; false: nobody does.
  bool wake_one(void *&queue);
  // The current task has ended.
  void retire();

  // Wakes whose time has come.
  void pass_time(uint64_t now_us);
  // Somebody else ought to run: somebody more important, or an equal and the slice is over.
  bool should_switch(uint64_t now_us) const;
  // Chooses who runs now; its slice begins. May be who ran.
  task &pick(uint64_t now_us);

  // When pass_time() or should_switch() will have something to say.
  uint64_t next_event() const;
  // Nobody is ready, and nobody's sleep ends by itself.
  bool nothing_can_happen() const;

  // Sleepers with a time-out, soonest first.
  static constexpr int max_timed = 128;

 private:
  struct fifo {
    task *first = nullptr, *last = nullptr;
  };
  static task *take_first(fifo &);
  int highest_ready() const;  // -1: nobody
  void forget_timeout(task &);

  fifo ready_[priorities];
  task *current_;
  task *timed_[max_timed];
  int timed_count_ = 0;
};

}  // namespace kyu::board
