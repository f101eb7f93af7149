// One stack in virtual time, for callers on several host threads: a call that blocks there sleeps until
// another thread's call has moved the clock, or has brought the packet that it waits for. Time passes
// only by sleep_us(), next_packet() and, a microsecond for each look, by now_us(): whoever waits by
// looking at the clock gets there. A thread that looks after a call of its own has ended sees the time
// at which it ended, also when another one has moved the clock meanwhile.
#pragma once

#include "scenario/random.h"
#include "stack.h"
#include "watch/watcher.h"
#include "world/digest.h"
#include "world/frame.h"
#include "world/scheduler.h"
#include "world/ticker.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace kyu::fuzz {

class virtual_host {
 public:
  // Packets that leave and nobody takes: the oldest are lost beyond.
  static constexpr size_t max_unread = 4096;
  // ms of virtual time without a packet after which there is none to wait for.
  static constexpr uint64_t patience_ms = 600 * 1000;

  explicit virtual_host(const stack_config &);
  virtual_host(const virtual_host &) = delete;
  virtual_host &operator=(const virtual_host &) = delete;

  // Runs `body` on a thread of the stack's and waits for its end. False: there are too many calls.
  bool call(const std::function<void(Stack &)> &body);

  // One IP packet in.
  void input(const_bytes packet);
  struct sent_packet {
    std::vector<uint8_t> bytes;
    uint64_t us = 0;
  };
  // The next IP packet that leaves, now or as time passes. False: none will.
  bool next_packet(sent_packet *);

  void sleep_us(uint64_t us);
  uint64_t now_us();

 private:
  struct job {
    const std::function<void(Stack &)> *body;
    std::thread::id owner;
    bool done = false;
  };

  static virtual_host &of(void *ctx) { return *static_cast<virtual_host *>(ctx); }
  static void job_thread(Stack &, uint32_t slot);
  void make_port();
  void run();
  void step_to(uint64_t ms);
  uint64_t forget_my_call();
  const_bytes rx_wait();
  void tx_commit();
  void answer_arp();
  void inject(const_bytes frame);

  std::mutex mutex_;  // of everything
  std::condition_variable changed_;
  watch::whereabouts where_;
  digest digest_;
  scheduler sched_;
  ticker ticker_{sched_};
  stack_config config_;
  std::vector<uint8_t> memory_;
  kyu::port port_;
  random_source entropy_;
  Stack *stack_ = nullptr;

  uint64_t us_ = 0;
  thread_id rx_sleeper_ = no_thread;
  std::deque<std::vector<uint8_t>> rx_;
  std::vector<uint8_t> rx_current_;
  frame tx_;
  std::deque<sent_packet> sent_;
  job jobs_[scheduler::max_threads] = {};
  struct ended_call {
    std::thread::id owner;
    uint64_t us;
  };
  std::vector<ended_call> ended_;  // calls whose threads have not looked at the clock yet
};

}  // namespace kyu::fuzz
