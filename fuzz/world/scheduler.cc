#include "world/scheduler.h"

#include <cstdio>
#include <cstdlib>

namespace kyu::fuzz {

void scheduler::thread_main(void *arg) {
  thread &t = *static_cast<thread *>(arg);
  for (;;) {
    t.entry(*t.st, t.word);
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
  return true;
}

void scheduler::make_ready(thread &t) {
  if (t.ready) return;
  t.ready = true;
  ready_.push_back(t.id);
}

void scheduler::resume(thread &t) {
  t.ready = false;
  running_ = t.id;
  where_->thread = t.name;
  digest_->add(0x7700u + t.id);
  t.stack.resume();
  running_ = no_thread;
  where_->thread = "main";
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

void scheduler::restart_clock() { now_ = 0; }

int scheduler::alive() const {
  int n = 0;
  for (const auto &t : threads_) n += t->alive ? 1 : 0;
  return n;
}

}  // namespace kyu::fuzz
