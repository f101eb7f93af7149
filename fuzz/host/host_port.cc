#include "host/host_port.h"

#include "kyu/threads.h"

#include <algorithm>
#include <cstdio>

namespace kyu::fuzz {

using std::chrono::milliseconds;

// A thread that sleeps on a semaphore; it lies on that thread's stack. They are served in the order
// in which they came.
struct host_port::waiter {
  std::condition_variable woken;
  bool granted = false;
  waiter *next = nullptr;
};

struct host_port::thread {
  std::thread body;
  const char *name = "";
  bool alive = true;
};

namespace {

thread_local thread_id my_id = host_port::outsider;
thread_local const char *my_name = "main";

}  // namespace

host_port::host_port(wire &w, watch::whereabouts &where) : wire_(w), where_(where) {
  port_.ctx = this;
  port_.now_ms = [](void *c) { return of(c).now_ms(); };
  port_.random32 = [](void *c) { return uint32_t(of(c).entropy_()); };
  port_.sem_wait = [](void *c, semaphore &s, uint32_t ms) { return of(c).sem_wait(s, ms); };
  port_.sem_signal = [](void *c, semaphore &s) { of(c).sem_signal(s); };
  port_.thread_start = [](void *c, const char *name, thread_entry e, Stack &st, uint32_t word) {
    return of(c).spawn(name, [e, &st, word] { e(st, word); });
  };
  port_.thread_self = [](void *c) { return of(c).thread_self(); };
  port_.reach = [](void *c, sched_point at) {
    if (of(c).at_point_ != nullptr) of(c).at_point_(at);
  };
  port_.rx_wait = [](void *c) { return of(c).rx_wait(); };
  port_.tick_wait = [](void *c) { return of(c).tick_wait(); };
  port_.tx_reserve = [](void *c, uint32_t len) { return of(c).tx_reserve(len); };
  port_.tx_commit = [](void *c, uint32_t len) { of(c).tx_commit(len); };
}

host_port::~host_port() = default;

// How long the host's clock takes for so many ms of the stack's.
std::chrono::microseconds host_port::host_time(uint64_t ms) const {
  return std::chrono::microseconds(ms * 1000 / pace_ + 1);
}

uint64_t host_port::real_ms() const {
  auto passed = std::chrono::steady_clock::now() - start_;
  return uint64_t(std::chrono::duration_cast<milliseconds>(passed * pace_).count());
}

uint64_t host_port::now_ms() {
  std::lock_guard lock(mutex_);
  return now_locked();
}

void host_port::wind_forward() {
  std::lock_guard lock(mutex_);
  winding_ = true;
  clock_changed_.notify_all();
}

// --- semaphores

bool host_port::sem_wait(semaphore &sem, uint32_t timeout_ms) {
  std::unique_lock lock(mutex_);
  if (sem.count > 0) {
    --sem.count;
    return true;
  }
  waiter me;
  auto **last = reinterpret_cast<waiter **>(&sem.queue);
  while (*last != nullptr) last = &(*last)->next;
  *last = &me;
  auto granted = [&me] { return me.granted; };
  if (timeout_ms == forever) {
    me.woken.wait(lock, granted);
    return true;
  }
  if (me.woken.wait_for(lock, host_time(timeout_ms), granted)) return true;
  auto **at = reinterpret_cast<waiter **>(&sem.queue);
  while (*at != &me) at = &(*at)->next;
  *at = me.next;
  return false;
}

// The unit goes to the first waiter directly, so that nobody can take it in between.
void host_port::sem_signal(semaphore &sem) {
  std::lock_guard lock(mutex_);
  auto *first = static_cast<waiter *>(sem.queue);
  if (first == nullptr) {
    ++sem.count;
    return;
  }
  sem.queue = first->next;
  first->granted = true;
  first->woken.notify_one();
}

// --- threads

bool host_port::spawn(const char *name, std::function<void()> body) {
  std::lock_guard lock(mutex_);
  auto slot = std::find_if(threads_.begin(), threads_.end(), [](auto &t) { return !t->alive; });
  if (slot == threads_.end()) {
    if (threads_.size() == max_threads) return false;
    slot = threads_.insert(threads_.end(), std::make_unique<thread>());
  }
  thread &t = **slot;
  if (t.body.joinable()) t.body.join();  // it has ended already
  t.name = name;
  t.alive = true;
  auto id = thread_id(slot - threads_.begin());
  t.body = std::thread([this, &t, id, body = std::move(body)] {
    my_id = id;
    my_name = t.name;
    body();
    std::lock_guard done(mutex_);
    t.alive = false;
  });
  return true;
}

// Whoever has just taken the locker asks this: so the watcher knows whose doing what follows is.
thread_id host_port::thread_self() {
  where_.thread = my_name;
  return my_id;
}

size_t host_port::alive() {
  std::lock_guard lock(mutex_);
  return size_t(std::count_if(threads_.begin(), threads_.end(), [](auto &t) { return t->alive; }));
}

void host_port::stop() {
  wire_.stop();
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    clock_changed_.notify_all();
  }
  for (auto &t : threads_)
    if (t->body.joinable()) t->body.join();
}

// --- clock

uint32_t host_port::tick_wait() {
  constexpr uint64_t tick = Stack::tick_ms;
  std::unique_lock lock(mutex_);
  uint64_t next = (ticks_ + 1) * tick;
  while (now_locked() < next && !winding_ && !stopping_)
    clock_changed_.wait_for(lock, host_time(next - now_locked()));
  if (stopping_) return 0;
  if (now_locked() < next) ahead_ms_ += next - now_locked();
  auto due = uint32_t(now_locked() / tick - ticks_);
  ticks_ += due;
  return due;
}

// --- wire

const_bytes host_port::rx_wait() {
  rx_.len = uint32_t(wire_.receive({rx_.data, max_frame}));
  return rx_.view();
}

uint8_t *host_port::tx_reserve(uint32_t len) {
  if (len > max_frame) return nullptr;
  tx_.len = len;
  return tx_.data;
}

void host_port::tx_commit(uint32_t) { wire_.send(tx_.view()); }

}  // namespace kyu::fuzz
