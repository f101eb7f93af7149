// The world around one stack: peers, wire, threads, clock. Runs scenarios, each on a fresh stack. Where a
// scenario wants two of our stacks, the far one, which is peer 0 from then on, has a world of its own
// (pair.cc).
#pragma once

#include "oracles/descriptors.h"
#include "oracles/endless.h"
#include "oracles/kinds.h"
#include "oracles/liveness.h"
#include "oracles/monitor.h"
#include "oracles/streams.h"
#include "scenario/op.h"
#include "scenario/random.h"
#include "stack.h"
#include "watch/watcher.h"
#include "world/call.h"
#include "world/digest.h"
#include "world/frame.h"
#include "world/listener.h"
#include "world/memory.h"
#include "world/pair_wire.h"
#include "world/peer.h"
#include "world/scheduler.h"
#include "world/ticker.h"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

namespace kyu::fuzz {

struct world_options {
  watch::pool_mode pools = watch::best_pool_mode();
  oracle_set oracles = oracle_set::all();
  bool points = true;  // threads can be preempted
};

struct outcome {
  uint64_t digest = 0;
  uint32_t ops = 0, frames_in = 0, frames_out = 0;
  uint64_t ms = 0;  // virtual time that passed
  tcp_cells cells;  // what TCP has met, in which state
};

class world {
 public:
  explicit world(world_options = {});
  world(const world &) = delete;
  world &operator=(const world &) = delete;

  // Runs all ops and then the end of a scenario: faults off, everything closed, time until all
  // timers have run out. What is found goes to the finding sink and does not come back.
  outcome run(const scenario &, listener * = nullptr);

  Stack &stack() { return *stack_; }

  // Called for each frame as the input thread gets it; may be empty.
  std::function<void(uint64_t ms, const_bytes)> on_frame_in;
  // Called for each point that a thread gets to while an op runs, before it may be preempted there; may be
  // empty.
  std::function<void(int32_t op, thread_id, sched_point)> on_point;

 private:
  static constexpr uint32_t max_open = max_descriptors;
  static constexpr size_t max_queued_calls = 16;
  static constexpr uint32_t max_call_bytes = 65536;

  struct user {
    thread_id thread = no_thread;
    std::deque<const op *> calls;     // to make, one after the other; the scenario's
    bool waiting = false;             // for a call to make
    const op *busy = nullptr;         // the call it is in
    std::unique_ptr<uint8_t[]> data;  // what it sends or receives:
    uint32_t len = max_call_bytes;    // so many bytes, and not one more
  };

  static constexpr uint32_t max_answers_per_op = 2000;
  static constexpr uint32_t first_far_user = 2;  // of two stacks, who uses the far one

  void begin(listener *);
  void watch_points(const scenario &);
  void op_begins(int32_t index);
  void run_op(int32_t index, const op &);
  void drain();
  void settle();  // threads run until all sleep, then the oracles look
  void run_threads();
  void judge();
  void judge_sleepers();
  void judge_work();
  bool watched_by(oracle o) const { return options_.oracles.has(o); }
  bool allocation_failed() const;
  void add_call(const op &, sleeper &) const;
  void advance(uint64_t ms);
  void step_to(uint64_t until);
  frame *new_frame();  // null: the link is down or the ring full
  void inject();       // the new frame has been built
  void send_packet(const op &);
  void build_packet(const op &, frame &);
  void send_shaped(const frame &built, const ip_shape &);
  void fault(const op &);
  void queue_call(const op &);
  void heal();
  void close_everything();
  bool anything_open() const;
  bool is_busy() const;
  uint32_t calls_under_way() const;
  uint32_t more_threads() const;  // than the stack's own and the users'
  void judge_end();

  // The far world (pair.cc).
  explicit world(world &near);
  const char *name_of(const char *thread) const;  // a thread's, here
  void pair_up();
  void take_in(const_bytes);
  // Two that talk without end are cut off, until the next op.
  bool wire_is_cut() const;
  void cross(pair_wire::direction, const_bytes);
  void deliver();
  void expect_arrival();
  template <class F>
  void in_each_world(F f) {
    f(*this);
    if (paired_) f(*far_);
  }

  // API ops, on a user thread (api.cc).
  class user_call;
  void make_call(const op &);
  void show(const op &, const call_result &);
  void hand_on(int accepted);

  // The port.
  static world &of(void *ctx) { return *static_cast<world *>(ctx); }
  const_bytes rx_wait();
  uint8_t *tx_reserve(uint32_t len);
  void tx_commit(uint32_t len);
  void show_to(peer &);
  static void user_thread(Stack &, uint32_t number);
  static void closer_thread(Stack &, uint32_t);

  world_options options_;
  watch::watcher watcher_;
  digest digest_;
  scheduler sched_;
  ticker ticker_{sched_};
  port port_;
  stack_config config_;
  std::unique_ptr<stack_memory> memory_;
  Stack *stack_ = nullptr;
  bool started_ = false;

  std::array<peer, max_peers> peers_;
  std::array<user, max_users> users_;
  bool closing_ = false;  // the closer is under way
  listener *listener_ = nullptr;
  outcome out_;
  monitor monitor_;
  streams streams_{monitor_};
  descriptors descriptors_;
  random_source entropy_{1};  // the same for every scenario

  // Of the near one of two; made when the first scenario wants it.
  std::unique_ptr<world> far_;
  bool paired_ = false;
  bool disturbed_ = false;  // somebody else has spoken on the wire
  pair_wire wire_;
  std::unique_ptr<listener> far_notes_;
  uint64_t crossed_before_ = 0;  // this op, by frames
  endless endless_;
  // Of the far one.
  world *near_ = nullptr;

  // Wire.
  frame_queue rx_;
  frame *rx_current_ = nullptr;
  thread_id rx_sleeper_ = no_thread;
  frame tx_, lost_;
  uint32_t answers_left_ = 0;
  struct {
    uint64_t events = 0, resumed = 0;
  } frame_began_;
  uint32_t lose_ = 0, ring_full_ = 0;
  bool link_up_ = true;

  std::array<uint32_t, max_open> sent_{};  // bytes that users sent on each descriptor
};

}  // namespace kyu::fuzz
