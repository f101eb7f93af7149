#include "world/scheduler.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace kyu::fuzz {

void scheduler::thread_main(void *arg) {
  thread &t = *static_cast<thread *>(arg);
  for (;;) {
    t.entry(*t.st, t.word);
    t.owner->reach(sched_point::exit);
    t.alive = false;
    t.stack.suspend();  // until the fiber is given another body
  }
}

scheduler::thread *scheduler::free_thread() {
  for (auto &t : threads_)
    if (!t->alive) return t.get();
  if (threads_.size() == max_threads) return nullptr;
  thread &t = *threads_.emplace_back(std::make_unique<thread>());
  t.id = thread_id(threads_.size() - 1);
  t.owner = this;
  t.stack.prepare(thread_main, &t);
  return &t;
}

bool scheduler::start(const char *name, thread_entry entry, Stack &st, uint32_t word) {
  thread *t = free_thread();
  if (t == nullptr) return false;
  t->name = name;
  t->entry = entry;
  t->st = &st;
  t->word = word;
  t->alive = true;
  make_ready(*t);
  reach(sched_point::spawn);
  return true;
}

void scheduler::make_ready(thread &t) {
  if (t.ready) return;
  t.ready = true;
  ready_.push_back(t.id);
}

void scheduler::make_next(thread &t) {
  if (t.ready) ready_.erase(std::find(ready_.begin() + long(ready_at_), ready_.end(), t.id));
  t.ready = true;
  if (ready_at_ > 0)
    ready_[--ready_at_] = t.id;
  else
    ready_.insert(ready_.begin(), t.id);
}

void scheduler::resume(thread &t) {
  t.ready = false;
  running_ = t.id;
  ++resumed_;
  where_->thread = t.name;
  digest_->add(0x7700u + t.id);
  t.stack.resume();
  running_ = no_thread;
  where_->thread = "main";
  if (!held_.empty() && !t.held) release_after(t);
}

bool scheduler::run() {
  uint32_t switches = 0;
  while (ready_at_ < ready_.size()) {
    if (++switches > max_switches) return false;
    resume(*threads_[ready_[ready_at_++]]);
  }
  ready_.clear();
  ready_at_ = 0;
  return true;
}

// --- preemption

void scheduler::reach(sched_point at) {
  if ((preemptions_.empty() && !observer_) || running_ == no_thread) [[likely]]
    return;
  if (observer_) observer_(running_, at);
  thread_id to = take_preemption(running_, at);
  bool possible = to == any_thread || (to != running_ && is_alive(to));
  if (possible) hold(*threads_[running_], to);
}

// All that are due here have happened then; the first of them says who runs. no_thread: the thread goes on.
thread_id scheduler::take_preemption(thread_id who, sched_point at) {
  thread_id to = no_thread;
  for (size_t i = 0; i < preemptions_.size();) {
    preemption &p = preemptions_[i];
    bool here = p.thread == who && p.at == at;
    if (!here || p.skip > 0) {
      p.skip -= here ? 1 : 0;
      ++i;
      continue;
    }
    if (to == no_thread) to = p.to;
    preemptions_.erase(preemptions_.begin() + long(i));
  }
  return to;
}

// Whoever is to run may wait preempted itself: then it goes on where it was.
void scheduler::hold(thread &t, thread_id until) {
  if (until != any_thread && threads_[until]->held)
    release(*threads_[until]);
  else if (until != any_thread && threads_[until]->ready)
    make_next(*threads_[until]);
  else if (until == any_thread && ready_at_ == ready_.size() && !held_.empty())
    release(*held_.back().who);
  t.held = true;
  held_.push_back({&t, until});
  t.stack.suspend();
}

void scheduler::release(thread &t) {
  std::erase_if(held_, [&t](const held_thread &h) { return h.who == &t; });
  t.held = false;
  make_next(t);
}

// The one that was preempted last goes on first.
void scheduler::release_after(const thread &ran) {
  for (size_t i = 0; i < held_.size();) {
    bool waited_for_it = held_[i].until == any_thread || held_[i].until == ran.id;
    if (waited_for_it)
      release(*held_[i].who);
    else
      ++i;
  }
}

void scheduler::lift_preemptions() {
  preemptions_.clear();
  for (const held_thread &h : held_) {
    h.who->held = false;
    make_ready(*h.who);
  }
  held_.clear();
}

// --- semaphores

void scheduler::block() { threads_[running_]->stack.suspend(); }

void scheduler::wake(thread_id t) { make_ready(*threads_[t]); }

// Waiters are served in the order in which they came.
void scheduler::enqueue(semaphore &sem, thread &t) {
  t.next_waiter = nullptr;
  thread *last = static_cast<thread *>(sem.queue);
  if (last == nullptr) {
    sem.queue = &t;
    return;
  }
  while (last->next_waiter != nullptr) last = last->next_waiter;
  last->next_waiter = &t;
}

void scheduler::unqueue(semaphore &sem, thread &t) {
  thread *at = static_cast<thread *>(sem.queue);
  if (at == &t) {
    sem.queue = t.next_waiter;
    return;
  }
  while (at->next_waiter != &t) at = at->next_waiter;
  at->next_waiter = t.next_waiter;
}

bool scheduler::sem_wait(semaphore &sem, uint32_t timeout_ms) {
  if (sem.count > 0) {
    --sem.count;
    return true;
  }
  if (running_ == no_thread) {
    fprintf(stderr, "kyufuzz: the scheduler itself would sleep\n");
    abort();
  }
  thread &t = *threads_[running_];
  enqueue(sem, t);
  t.waits_for = &sem;
  t.naps = t.last_slept_on == &sem ? t.naps + 1 : 1;
  t.last_slept_on = &sem;
  if (on_naps_ && t.naps % naps_to_tell_ == 0) on_naps_(t.id, &sem, t.naps);
  t.timed_out = false;
  if (timeout_ms != forever) {
    t.wakes_at = now_ + timeout_ms;
    ++timed_;
  }
  t.stack.suspend();
  if (t.wakes_at != UINT64_MAX) {
    t.wakes_at = UINT64_MAX;
    --timed_;
  }
  return !t.timed_out;
}

// The unit goes to the first waiter directly, so that nobody can take it in between.
void scheduler::sem_signal(semaphore &sem) {
  thread *t = static_cast<thread *>(sem.queue);
  if (t == nullptr) {
    ++sem.count;
    return;
  }
  sem.queue = t->next_waiter;
  t->waits_for = nullptr;
  make_ready(*t);
}

uint64_t scheduler::next_timeout() const {
  uint64_t next = UINT64_MAX;
  if (timed_ == 0) return next;
  for (const auto &t : threads_)
    if (t->alive && t->waits_for != nullptr && t->wakes_at < next) next = t->wakes_at;
  return next;
}

void scheduler::advance_to(uint64_t ms) {
  now_ = ms;
  if (timed_ == 0) return;
  for (auto &t : threads_) {
    if (!t->alive || t->waits_for == nullptr || t->wakes_at > now_) continue;
    unqueue(*t->waits_for, *t);
    t->waits_for = nullptr;
    t->timed_out = true;
    make_ready(*t);
  }
}

void scheduler::restart() {
  now_ = 0;
  for (auto &t : threads_) t->last_slept_on = nullptr;
}

int scheduler::alive() const {
  int n = 0;
  for (const auto &t : threads_) n += t->alive ? 1 : 0;
  return n;
}

}  // namespace kyu::fuzz
