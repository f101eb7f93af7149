#include "kyu/locker.h"

#include "stack.h"

namespace kyu {

namespace {

NET_LOCKS NET_UNCHECKED void take(Stack &st) {
  const port &p = *st.port;
  locker &lk = st.lock;
  __atomic_add_fetch(&lk.lk_came, 1, __ATOMIC_RELAXED);
  p.sem_wait(p.ctx, lk.lk_sem, forever);
  KASSERT(lk.lk_holder == no_thread, "net_lock: two holders");
  lk.lk_holder = p.thread_self(p.ctx);
  KASSERT(lk.lk_holder != no_thread, "net_lock: a thread without a name");
}

NET_UNLOCKS NET_UNCHECKED void give_back(Stack &st) {
  const port &p = *st.port;
  locker &lk = st.lock;
  KASSERT(net_is_mine(st), "net_unlock: not the holder");
  lk.lk_holder = no_thread;
  __atomic_store_n(&lk.lk_left, lk.lk_left + 1, __ATOMIC_RELAXED);  // the holder alone writes it
  p.sem_signal(p.ctx, lk.lk_sem);
}

}  // namespace

void net_lock(Stack &st) {
  reach(*st.port, sched_point::net_lock);
  take(st);
}

bool net_is_mine(const Stack &st) { return st.lock.lk_holder == st.port->thread_self(st.port->ctx); }

void net_unlock(Stack &st) {
  give_back(st);
  reach(*st.port, sched_point::net_unlock);
}

err sleep_on(Stack &st, wait_channel &wc, uint32_t timeout_ms) {
  const port &p = *st.port;
  wait_entry me;
  wc.wc_queue.insert_tail(&me);
  give_back(st);
  reach(p, sched_point::sleep);
  bool woken = p.sem_wait(p.ctx, me.we_sem, timeout_ms);
  take(st);
  if (woken) return err::ok;
  if (me.we_link.linked()) wc.wc_queue.remove(&me);  // else it was signalled meanwhile, and may be gone
  return err::again;
}

void wakeup(Stack &st, wait_channel &wc) {
  KASSERT(net_is_mine(st), "wakeup: without the locker");
  const port &p = *st.port;
  while (wait_entry *e = wc.wc_queue.first()) {
    wc.wc_queue.remove(e);
    p.sem_signal(p.ctx, e->we_sem);
  }
  reach(p, sched_point::wakeup);
}

}  // namespace kyu
