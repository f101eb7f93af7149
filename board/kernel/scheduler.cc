#include "kernel/scheduler.h"

#include "sys/assert.h"
#include "sys/bytes.h"

namespace kyu::board {

namespace {

task *&head_of(void *&queue) { return reinterpret_cast<task *&>(queue); }

void append(task *&head, task &t) {
  t.next = nullptr;
  task **at = &head;
  while (*at != nullptr) at = &(*at)->next;
  *at = &t;
}

void remove(task *&head, task &t) {
  task **at = &head;
  while (*at != &t) at = &(*at)->next;
  *at = t.next;
}

}  // namespace

scheduler::scheduler(task &idle) : current_(&idle) {
  idle.level = priority::idle;
  idle.is = task::state::running;
}

task *scheduler::take_first(fifo &q) {
  task *t = q.first;
  q.first = t->next;
  if (q.first == nullptr) q.last = nullptr;
  return t;
}

int scheduler::highest_ready() const {
  for (int p = priorities - 1; p >= 0; --p)
    if (ready_[p].first != nullptr) return p;
  return -1;
}

void scheduler::make_ready(task &t) {
  t.is = task::state::ready;
  t.next = nullptr;
  fifo &q = ready_[int(t.level)];
  (q.last != nullptr ? q.last->next : q.first) = &t;
  q.last = &t;
}

void scheduler::sleep(void *&queue, uint64_t until_us) {
  task &t = *current_;
  KASSERT(t.level != priority::idle, "scheduler: the idle task would sleep");
  t.is = task::state::sleeping;
  t.timed_out = false;
  t.sleeps_in = &queue;
  append(head_of(queue), t);
  if (until_us == never) return;
  KASSERT(timed_count_ < max_timed, "scheduler: more sleepers than there are tasks");
  t.wakes_at = until_us;
  int at = timed_count_++;
  for (; at > 0 && timed_[at - 1]->wakes_at > until_us; --at) timed_[at] = timed_[at - 1];
  timed_[at] = &t;
}

void scheduler::forget_timeout(task &t) {
  if (t.wakes_at == never) return;
  t.wakes_at = never;
  int at = 0;
  while (timed_[at] != &t) ++at;
  for (--timed_count_; at < timed_count_; ++at) timed_[at] = timed_[at + 1];
}

bool scheduler::wake_one(void *&queue) {
  task *t = head_of(queue);
  if (t == nullptr) return false;
  head_of(queue) = t->next;
  t->sleeps_in = nullptr;
  forget_timeout(*t);
  make_ready(*t);
  return true;
}

void scheduler::retire() { current_->is = task::state::unused; }

void scheduler::pass_time(uint64_t now_us) {
  while (timed_count_ > 0 && timed_[0]->wakes_at <= now_us) {
    task &t = *timed_[0];
    remove(head_of(*t.sleeps_in), t);
    t.sleeps_in = nullptr;
    t.timed_out = true;
    forget_timeout(t);
    make_ready(t);
  }
}

bool scheduler::should_switch(uint64_t now_us) const {
  int best = highest_ready(), mine = int(current_->level);
  return best > mine || (best == mine && now_us >= current_->slice_ends);
}

task &scheduler::pick(uint64_t now_us) {
  if (current_->is == task::state::running) make_ready(*current_);
  int best = highest_ready();
  KASSERT(best >= 0, "scheduler: nobody can run, not even the idle task");
  current_ = take_first(ready_[best]);
  current_->is = task::state::running;
  current_->slice_ends = now_us + slice_us;
  return *current_;
}

uint64_t scheduler::next_event() const {
  uint64_t next = timed_count_ > 0 ? timed_[0]->wakes_at : never;
  bool equals = ready_[int(current_->level)].first != nullptr;
  return equals ? min_of(next, current_->slice_ends) : next;
}

bool scheduler::nothing_can_happen() const {
  return timed_count_ == 0 && highest_ready() < 0 && current_->level == priority::idle;
}

}  // namespace kyu::board
