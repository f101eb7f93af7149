// The end of a scenario: faults off, everything closed, time until all timers have run out; then nothing may
// be left.
#include "kyu/kyu.h"
#include "oracles/audit.h"
#include "socket/sockopt.h"
#include "watch/crash.h"
#include "world/broken.h"
#include "world/trace.h"
#include "world/world.h"

#include <algorithm>

namespace kyu::fuzz {

void world::closer_thread(Stack &st, uint32_t) {
  net_closeall(st);
  of(st.port->ctx).closing_ = false;
}

void world::drain() {
  if (listener_ != nullptr) listener_->note(sched_.now(), trace::everything_closed);
  in_each_world([](world &w) { w.heal(); });
  if (paired_) expect_arrival();
  in_each_world([](world &w) {
    w.monitor_.everything_closes();
    w.descriptors_.lose_sight();
  });
  settle();
  // An accept may hand out another descriptor while the closer is under way, and the closer may linger.
  // Each may linger for SO_LINGER_MAX, one after the other: the first minute in seconds, the rest faster.
  constexpr int seconds = 64, minutes = int(max_open * SO_LINGER_MAX / 60);
  for (int round = 0; round < seconds + minutes && anything_open(); ++round) {
    in_each_world([](world &w) { w.close_everything(); });
    settle();
    if (anything_open()) advance(round < seconds ? 1000 : 60 * 1000);
  }
  uint64_t until = sched_.now() + drain_ms;
  while (sched_.now() < until && (is_busy() || (paired_ && far_->is_busy()))) {
    answers_left_ = max_answers_per_op;
    step_to(until);
    settle();
  }
  if (!options_.oracles.empty()) in_each_world([](world &w) { w.judge_end(); });
}

// No fault from now on, and no call that has not begun.
void world::heal() {
  answers_left_ = max_answers_per_op;
  link_up_ = true;
  lose_ = ring_full_ = 0;
  wire_.heal();
  for (int k = 0; k < pool_kinds; ++k) watcher_.fail_nth(pool_kind(k), 0);
  for (user &u : users_) u.calls.clear();
  sched_.lift_preemptions();
}

bool world::anything_open() const {
  return stack_->files.open > 0 || (paired_ && far_->stack_->files.open > 0);
}

void world::close_everything() {
  if (closing_ || stack_->files.open == 0) return;
  closing_ = true;
  if (!sched_.start("closer", closer_thread, *stack_, 0)) broken("no thread left for the closer");
}

bool world::is_busy() const {
  return !stack_->every_pool_full() || more_threads() > 0 || calls_under_way() > 0;
}

void world::judge_end() {
  watch::as_current here(watcher_);
  for (const user &u : users_)
    if (u.busy != nullptr)
      watch::fail_oracle(
          "liveness", std::string("stuck:") + spec_of(u.busy->code).name,
          "a thread sleeps in " + std::string(spec_of(u.busy->code).name) + " although everything is closed",
          nullptr);
  if (more_threads() > 0)
    watch::fail_oracle("liveness", "thread-left-behind", "a server's thread outlives its sockets", nullptr);
  if (options_.pools != watch::pool_mode::plain) audit_end(*stack_, watcher_);
}

}  // namespace kyu::fuzz
