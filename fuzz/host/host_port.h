// Kyu's port interface on the host's own threads and clock, with a wire in real time. Nothing
// here is deterministic.
#pragma once

#include "host/wire.h"
#include "stack.h"
#include "watch/watcher.h"
#include "world/frame.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace kyu::fuzz {

class host_port {
 public:
  // Threads that the stack may have at once; thread_start() fails beyond.
  static constexpr size_t max_threads = 1200;
  // What a thread is called that this port did not start, such as main(). One of them calls the stack at a
  // time.
  static constexpr thread_id outsider = max_threads;

  host_port(wire &, watch::whereabouts &);
  ~host_port();  // after stop() only
  host_port(const host_port &) = delete;
  host_port &operator=(const host_port &) = delete;

  const kyu::port *port() const { return &port_; }

  // Before the stack starts: its clock runs `times` as fast as the host's.
  void set_pace(uint32_t times) { pace_ = times; }
  // Before the stack starts: called at each scheduling point, on the thread that got there.
  void at_each_point(void (*f)(sched_point)) { at_point_ = f; }

  // Runs `body` on a thread of the stack; false: there are max_threads already. `name` must outlive it.
  bool spawn(const char *name, std::function<void()> body);

  // From now on the clock runs ahead, as fast as the timer thread can follow it.
  void wind_forward();
  uint64_t now_ms();
  // No frame comes in any more, and the input thread ends.
  void unplug() { wire_.stop(); }
  // Threads that have not ended.
  size_t alive();
  // Ends the input and the timer thread and joins all; the others must have ended by themselves.
  void stop();

 private:
  struct waiter;
  struct thread;

  static host_port &of(void *ctx) { return *static_cast<host_port *>(ctx); }
  bool sem_wait(semaphore &, uint32_t timeout_ms);
  void sem_signal(semaphore &);
  thread_id thread_self();
  const_bytes rx_wait();
  uint32_t tick_wait();
  uint8_t *tx_reserve(uint32_t len);
  void tx_commit(uint32_t len);
  uint64_t real_ms() const;
  std::chrono::microseconds host_time(uint64_t ms) const;
  uint64_t now_locked() const { return real_ms() + ahead_ms_; }

  wire &wire_;
  watch::whereabouts &where_;
  kyu::port port_;
  uint32_t pace_ = 1;
  void (*at_point_)(sched_point) = nullptr;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::random_device entropy_;
  frame rx_, tx_;

  std::mutex mutex_;  // of all that follows, and of every semaphore
  std::condition_variable clock_changed_;
  std::vector<std::unique_ptr<thread>> threads_;
  uint64_t ahead_ms_ = 0;
  uint64_t ticks_ = 0;
  bool winding_ = false, stopping_ = false;
};

}  // namespace kyu::fuzz
