// Kyu's threads as fibers under a deterministic scheduler, on a virtual clock. The default schedule
// never preempts: a thread runs until it sleeps, and threads that became ready run in that order. A
// preemption is an exception to that.
#pragma once

#include "sys/port.h"
#include "watch/watcher.h"
#include "world/digest.h"
#include "world/fiber.h"
#include "world/preemption.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace kyu::fuzz {

class scheduler {
 public:
  // More threads than a scenario can need; thread_start() fails when they are all in use.
  static constexpr int max_threads = 24;
  // Times that threads may be resumed without the clock moving: more is a livelock.
  static constexpr uint32_t max_switches = 200000;

  scheduler(watch::whereabouts &where, digest &d) : where_(&where), digest_(&d) {}

  // Kyu's port interface, threads and semaphores.
  bool start(const char *name, thread_entry entry, Stack &st, uint32_t word);
  bool sem_wait(semaphore &, uint32_t timeout_ms);
  void sem_signal(semaphore &);
  thread_id self() const { return running_; }
  uint64_t now() const { return now_; }
  void reach(sched_point);

  // For port calls that wait for something else than a semaphore: the running thread sleeps until
  // wake() names it.
  void block();
  void wake(thread_id);

  // Runs threads until all sleep, or wait preempted. False: they never would.
  bool run();

  // Counts from now on, and is forgotten once it has happened, or with the next lift_preemptions().
  void preempt(const preemption &p) { preemptions_.push_back(p); }
  // No preemption from now on; those that wait preempted become ready.
  void lift_preemptions();
  // Threads wait preempted: what they are in the middle of is not to be judged.
  bool holding() const { return !held_.empty(); }
  // Called for each point that a thread gets to, before it is preempted there; may be empty.
  void set_observer(std::function<void(thread_id, sched_point)> f) { observer_ = std::move(f); }

  // Called when a thread goes to sleep on one semaphore for the n-th, 2n-th, ... time on end.
  void at_each_nap(uint32_t n, std::function<void(thread_id, const semaphore *, uint32_t naps)> f) {
    naps_to_tell_ = n;
    on_naps_ = std::move(f);
  }

  // The next time at which a sleeping thread's wait times out; UINT64_MAX: none.
  uint64_t next_timeout() const;
  // Moves the clock, and makes the threads ready whose wait has then timed out.
  void advance_to(uint64_t ms);

  // A new scenario: threads that outlived the last one stay asleep where they are.
  void restart();
  // How often a thread has been resumed.
  uint64_t resumed() const { return resumed_; }

  // Calls f(id, semaphore, ms until it times out, times on end that it has gone to sleep on that one) for
  // each thread that sleeps on a semaphore; UINT64_MAX ms: it never does.
  template <class F>
  void each_sleeper(F f) const {
    for (const auto &t : threads_)
      if (t->alive && t->waits_for != nullptr)
        f(t->id, t->waits_for, t->wakes_at == UINT64_MAX ? UINT64_MAX : t->wakes_at - now_, t->naps);
  }

  // Threads that have a body to run, asleep or ready.
  int alive() const;
  const char *name_of(thread_id t) const { return threads_[t]->name; }
  bool is_alive(thread_id t) const { return t < threads_.size() && threads_[t]->alive; }

 private:
  struct thread {
    fiber stack;
    scheduler *owner = nullptr;
    thread_id id = 0;
    const char *name = "";
    bool alive = false, ready = false, held = false, timed_out = false;
    semaphore *waits_for = nullptr;
    thread *next_waiter = nullptr;  // on the semaphore's queue
    const semaphore *last_slept_on = nullptr;
    uint32_t naps = 0;  // there, on end
    uint64_t wakes_at = UINT64_MAX;
    thread_entry entry = nullptr;
    Stack *st = nullptr;
    uint32_t word = 0;
  };

  struct held_thread {
    thread *who;
    thread_id until;  // this one has run, and sleeps again
  };

  static void thread_main(void *);
  thread *free_thread();
  void make_ready(thread &);
  void make_next(thread &);
  thread_id take_preemption(thread_id, sched_point);
  void hold(thread &, thread_id until);
  void release(thread &);
  void release_after(const thread &);
  void resume(thread &);
  static void enqueue(semaphore &, thread &);
  static void unqueue(semaphore &, thread &);

  watch::whereabouts *where_;
  digest *digest_;
  std::vector<std::unique_ptr<thread>> threads_;
  std::vector<thread_id> ready_;
  size_t ready_at_ = 0;  // ready_[ready_at_..] are to run
  thread_id running_ = no_thread;
  uint64_t now_ = 0, resumed_ = 0;
  int timed_ = 0;                        // threads with a time-out
  std::vector<preemption> preemptions_;  // that have not happened yet
  std::vector<held_thread> held_;
  std::function<void(thread_id, sched_point)> observer_;
  uint32_t naps_to_tell_ = 0;
  std::function<void(thread_id, const semaphore *, uint32_t naps)> on_naps_;
};

}  // namespace kyu::fuzz
