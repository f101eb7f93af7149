#include "world/world.h"

#include "kyu/kyu.h"
#include "oracles/audit.h"
#include "oracles/liveness.h"
#include "socket/sockopt.h"
#include "watch/crash.h"
#include "watch/memory.h"
#include "watch/poison.h"
#include "watch/uninitialised.h"
#include "world/broken.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace kyu::fuzz {

namespace {

// Small, so that exhaustion is near; the same on every host, so that it comes at the same op.
stack_config fuzz_config(const watch::watcher &w) {
  stack_config c = default_config();
  constexpr uint32_t limits[pool_kinds] = {24, 24, 24, 384, 128, 48, 4, 24};
  for (int k = 0; k < pool_kinds; ++k) c.pools[k].limit = limits[k];
  w.widen(c);
  return c;
}

}  // namespace

world::world(world_options options)
    : options_(options),
      watcher_(options.pools),
      sched_(watcher_.where(), digest_),
      config_(fuzz_config(watcher_)) {
  memory_ = std::make_unique<stack_memory>(stack_bytes(config_));
  for (user &u : users_) u.data = std::make_unique_for_overwrite<uint8_t[]>(max_call_bytes);
  watch::move_fence(tx_.data, sizeof tx_.data, 0);
  if (options.oracles.has(oracle::liveness))
    sched_.at_each_nap(max_naps_at_a_lock, [this](thread_id id, const semaphore *on, uint32_t naps) {
      audit_starvation(*stack_, {.id = id, .name = sched_.name_of(id), .on = on, .naps = naps});
    });
  port_.ctx = this;
  port_.now_ms = [](void *c) { return of(c).sched_.now(); };
  port_.random32 = [](void *c) { return of(c).entropy_.next(); };
  port_.sem_wait = [](void *c, semaphore &s, uint32_t ms) { return of(c).sched_.sem_wait(s, ms); };
  port_.sem_signal = [](void *c, semaphore &s) { of(c).sched_.sem_signal(s); };
  port_.thread_start = [](void *c, const char *name, thread_entry e, Stack &st, uint32_t word) {
    // One thread is kept for the closer at the end.
    return of(c).sched_.alive() < scheduler::max_threads - 1 &&
           of(c).sched_.start(of(c).name_of(name), e, st, word);
  };
  port_.thread_self = [](void *c) { return of(c).sched_.self(); };
  port_.rx_wait = [](void *c) { return of(c).rx_wait(); };
  port_.tick_wait = [](void *c) { return of(c).ticker_.wait(); };
  port_.tx_reserve = [](void *c, uint32_t len) { return of(c).tx_reserve(len); };
  port_.tx_commit = [](void *c, uint32_t len) { of(c).tx_commit(len); };
}

// The threads of the last scenario are asleep at the top of their loops, with the same Stack's
// address: they serve the fresh one.
void world::begin(listener *l) {
  listener_ = l;
  out_ = {};
  entropy_ = random_source(1);
  sched_.restart();
  stack_ = stack_init(memory_->whole(), config_, &port_, watcher_.seam());
  watcher_.begin(*stack_);
  watcher_.where().digest = digest_.place();
  for (int i = 0; i < max_peers; ++i) peers_[size_t(i)].begin(i, config_.addr);
  monitor_.begin(config_.addr, std::to_array(config_.mac.octet));
  streams_.begin(watched_by(oracle::data));
  descriptors_.begin(watched_by(oracle::calls));
  rx_.clear();
  lose_ = ring_full_ = 0;
  link_up_ = true;
  ticker_.restart();
  closing_ = false;
  paired_ = disturbed_ = false;
  sent_ = {};
  if (!started_) {
    started_ = true;
    if (!stack_start(*stack_)) broken("no threads for the stack");
    static constexpr const char *names[max_users] = {"user-0", "user-1", "user-2", "user-3"};
    for (uint32_t u = 0; u < max_users; ++u)
      if (!sched_.start(name_of(names[u]), user_thread, *stack_, u)) broken("no threads for users");
    sched_.run();
  }
  digest_.reset();
}

// Only where somebody wants to know of them: most scenarios have no preemption.
void world::watch_points(const scenario &ops) {
  auto preempts = [](const op &o) { return o.code == opcode::preempt; };
  bool wanted = options_.points && (on_point || std::any_of(ops.begin(), ops.end(), preempts));
  port_.reach = nullptr;
  if (wanted) port_.reach = [](void *c, sched_point at) { of(c).sched_.reach(at); };
  sched_.set_observer({});
  if (on_point)
    sched_.set_observer([this](thread_id who, sched_point at) { on_point(watcher_.where().op, who, at); });
}

outcome world::run(const scenario &ops, listener *l) {
  begin(l);
  watch_points(ops);
  int32_t index = 0;
  for (const op &o : ops) run_op(index++, o);
  op_begins(index);
  drain();
  out_.ops = uint32_t(ops.size());
  out_.ms = sched_.now();
  if (paired_) digest_.add(far_->digest_.value());
  out_.digest = digest_.value();
  out_.cells = stack().tcp_stat.tcps_cells;
  return out_;
}

void world::op_begins(int32_t index) {
  in_each_world([index](world &w) { w.watcher_.where().op = index; });
  if (listener_ != nullptr) listener_->op_begins(index);
  crossed_before_ = wire_.sent();
}

void world::run_op(int32_t index, const op &o) {
  op_begins(index);
  answers_left_ = max_answers_per_op;
  if (o.code == opcode::preempt) {
    monitor_.out_of_order();
    descriptors_.lose_sight();
    return sched_.preempt(preemption_of(o));
  }
  if (o.code == opcode::wait)
    advance(uint64_t(o.arg[0]));
  else if (is_api(o.code))
    queue_call(o);
  else if (is_packet(o.code))
    send_packet(o);
  else
    fault(o);
  settle();
}

// Also a frame that will be lost is sent: the peer goes on from there.
void world::send_packet(const op &o) {
  disturbed_ = true;
  frame *f = new_frame();
  frame &built = f != nullptr ? *f : lost_;
  build_packet(o, built);
  ip_shape shape;
  bool shaped = o.code != opcode::raw && peers_[size_t(o.arg[0])].take_shape(&shape);
  if (shaped)
    send_shaped(built, shape);
  else if (f != nullptr)
    inject();
}

void world::send_shaped(const frame &built, const ip_shape &shape) {
  frame whole = built;
  if (watched_by(oracle::protocol)) monitor_.whole_in(sched_.now(), whole.view());
  shape_packet(whole, shape, [this](const frame &piece) {
    frame *f = new_frame();
    if (f == nullptr) return;
    *f = piece;
    inject();
  });
}

void world::build_packet(const op &o, frame &f) {
  if (o.code != opcode::raw) return peers_[size_t(o.arg[0])].build(o, sched_.now(), f);
  f.len = uint32_t(o.bytes.size());
  std::copy(o.bytes.begin(), o.bytes.end(), f.data);
}

void world::fault(const op &o) {
  switch (o.code) {
    case opcode::damage:
    case opcode::ip:
    case opcode::react: peers_[size_t(o.arg[0])].take(o); break;
    case opcode::lose: lose_ = uint32_t(o.arg[0]); break;
    case opcode::ring: ring_full_ = uint32_t(o.arg[0]); break;
    case opcode::link: link_up_ = o.arg[0] != 0; break;
    case opcode::twin: pair_up(); break;
    case opcode::wire: wire_.fault(o); break;
    case opcode::nomem: watcher_.fail_nth(pool_kind(o.arg[0]), uint32_t(o.arg[1])); break;
    default: break;
  }
}

// A frame that finds the link down, or the receive ring full, is lost as on a real wire.
frame *world::new_frame() {
  if (!link_up_ || rx_.full()) return nullptr;
  frame &f = rx_.next();
  watch::move_fence(f.data, 0, sizeof f.data);
  return &f;
}

void world::inject() {
  if (rx_.next().len == 0) return;
  rx_.commit();
  if (rx_sleeper_ == no_thread) return;
  sched_.wake(rx_sleeper_);
  rx_sleeper_ = no_thread;
}

void world::settle() {
  in_each_world([](world &w) { w.run_threads(); });
}

void world::run_threads() {
  watch::as_current here(watcher_);
  if (!sched_.run()) {
    watch::fail_oracle("liveness", "livelock", "threads run for ever without the clock moving", nullptr);
  }
  if (!options_.oracles.empty() && !sched_.holding()) judge();
}

void world::judge() {
  if (watched_by(oracle::liveness)) judge_sleepers();
  if (watched_by(oracle::accounting)) audit(*stack_, {monitor_.backlogs_stand(), monitor_.buffers_stand()});
  if (watched_by(oracle::calls)) {
    descriptors_.judge(uint32_t(stack_->files.open), calls_under_way() + more_threads());
    descriptors_.judge_waits(sched_.now(), out_.frames_in);
  }
  if (!watched_by(oracle::protocol)) return;
  if (allocation_failed()) monitor_.lost_unseen();
  monitor_.judge(sched_.now());
  streams_.judge(sched_.now());
}

void world::judge_sleepers() {
  std::array<sleeper, scheduler::max_threads> asleep;
  size_t n = 0;
  sched_.each_sleeper([&](thread_id id, const semaphore *on, uint64_t wakes_in, uint32_t naps) {
    asleep[n] = {id, sched_.name_of(id), on, wakes_in, naps};
    auto u = std::find_if(users_.begin(), users_.end(), [id](const user &x) { return x.thread == id; });
    if (u != users_.end() && u->busy != nullptr) add_call(*u->busy, asleep[n]);
    ++n;
  });
  audit_liveness(*stack_, {asleep.data(), n});
}

uint32_t world::calls_under_way() const {
  return uint32_t(
      std::count_if(users_.begin(), users_.end(), [](const user &u) { return u.busy != nullptr; }));
}

uint32_t world::more_threads() const {
  constexpr int input_and_timer = 2;
  return uint32_t(sched_.alive() - input_and_timer - int(max_users));
}

bool world::allocation_failed() const {
  for (int k = 0; k < pool_kinds; ++k)
    if (stack_->pool_of(pool_kind(k)).pl_failed > 0) return true;
  return false;
}

// --- time

void world::advance(uint64_t ms) {
  uint64_t until = sched_.now() + ms;
  while (sched_.now() < until) {
    step_to(until);
    settle();
  }
}

// To the next thing that happens, in whichever world.
void world::step_to(uint64_t until) {
  if (paired_) until = std::min(wire_.next(), far_->ticker_.next(*far_->stack_, until));
  ticker_.step_to(*stack_, until);
  if (!paired_) return;
  far_->ticker_.step_to(*far_->stack_, sched_.now());
  deliver();
}

// --- the wire

// Nobody but the input thread has run since it took its last frame: all that happened is that frame's doing.
void world::judge_work() {
  uint64_t events = watcher_.events() - frame_began_.events;
  if (sched_.resumed() == frame_began_.resumed) audit_work(events);
}

const_bytes world::rx_wait() {
  if (watched_by(oracle::work)) judge_work();
  while (rx_.empty()) {
    rx_sleeper_ = sched_.self();
    sched_.block();
  }
  // The last frame is the driver's again: nobody may have kept a pointer into it.
  if (rx_current_ != nullptr) watch::move_fence(rx_current_->data, rx_current_->len, 0);
  rx_current_ = &rx_.pop();
  watch::move_fence(rx_current_->data, sizeof rx_current_->data, rx_current_->len);
  frame_began_ = {watcher_.events(), sched_.resumed()};
  ++out_.frames_in;
  if (watched_by(oracle::protocol)) monitor_.frame_in(sched_.now(), rx_current_->view());
  if (listener_ != nullptr) listener_->frame_in(sched_.now(), rx_current_->view());
  if (on_frame_in) on_frame_in(sched_.now(), rx_current_->view());
  return rx_current_->view();
}

uint8_t *world::tx_reserve(uint32_t len) {
  bool full = link_up_ && ring_full_ > 0;
  if (full) --ring_full_;
  if (!link_up_ || full || len > max_frame) {
    monitor_.lost_unseen();
    return nullptr;
  }
  watch::move_fence(tx_.data, tx_.len, len);
  tx_.len = len;
  watch::mark_uninitialised(tx_.data, len);
  return tx_.data;
}

void world::tx_commit(uint32_t len) {
  if (len != tx_.len) broken("a frame of another length than was reserved");
  const_bytes f = tx_.view();
  watch::expect_initialised(f.data(), f.size(), "a frame");
  ++out_.frames_out;
  digest_.add(sched_.now());
  digest_.add(f);
  if (listener_ != nullptr) listener_->frame_out(sched_.now(), f);
  if (watched_by(oracle::protocol)) {
    if (allocation_failed()) monitor_.lost_unseen();
    monitor_.frame_out(sched_.now(), f);
  }
  if (lose_ > 0) {
    --lose_;
    return;
  }
  if (near_ != nullptr) return near_->cross(pair_wire::direction::to_near, f);
  bool to_all = (f[0] & 1) != 0;
  if (paired_ && (to_all || f[5] == 0)) cross(pair_wire::direction::to_far, f);
  for (size_t i = paired_ ? 1 : 0; i < peers_.size(); ++i)
    if (to_all || f[5] == i) show_to(peers_[i]);
}

void world::show_to(peer &p) {
  if (answers_left_ == 0) return;
  frame *answer = new_frame();
  if (!p.sees(tx_.view(), sched_.now(), answer != nullptr ? *answer : lost_) || answer == nullptr) return;
  --answers_left_;
  inject();
}

// --- user threads

void world::user_thread(Stack &st, uint32_t number) {
  world &w = of(st.port->ctx);
  user &u = w.users_[number];
  u.thread = w.sched_.self();
  for (;;) {
    while (u.calls.empty()) {
      u.waiting = true;
      w.sched_.block();
      u.waiting = false;
    }
    u.busy = u.calls.front();
    u.calls.pop_front();
    w.sched_.reach(sched_point::yield);
    w.make_call(*u.busy);
    u.busy = nullptr;
  }
}

// A thread that is in a blocking call makes its next ones when it returns.
void world::queue_call(const op &o) {
  if (paired_ && uint32_t(o.arg[0]) >= first_far_user) return far_->queue_call(o);
  user &u = users_[size_t(o.arg[0])];
  if (u.calls.size() >= max_queued_calls) return;
  u.calls.push_back(&o);
  if (u.waiting) sched_.wake(u.thread);
}

}  // namespace kyu::fuzz
