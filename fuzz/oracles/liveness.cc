#include "oracles/liveness.h"

#include "kyu/kyu.h"
#include "watch/crash.h"

#include <algorithm>
#include <string>
#include <vector>

namespace kyu::fuzz {

namespace {

// What a semaphore of the stack's is for.
struct waited_for {
  const char *what = nullptr;  // null: none of those that are looked at
  const socket *so = nullptr;
  bool (*may_sleep)(const Stack &, const socket *, const sleeper &) = nullptr;  // null: it is a lock
  thread_id holder = no_thread;                                                 // of a lock
};

bool sleeps_on(const wait_channel &wc, const semaphore *sem) {
  for (const wait_entry *e = wc.wc_queue.first(); e != nullptr; e = e->we_link.next)
    if (&e->we_sem == sem) return true;
  return false;
}

bool has_descriptor(const Stack &st, const socket *so) {
  return std::any_of(st.files.fd.begin(), st.files.fd.end(), [so](const file &f) { return f.f_so == so; });
}

// Who lingers in close has no descriptor any more.
bool state_allows_sleep(const Stack &st, const socket *so, const sleeper &) {
  if (so->so_options & SO_ACCEPTCONN)
    return so->so_qlen == 0 && so->so_error == err::ok && !(so->so_state & (SS_CLOSING | SS_CANTRCVMORE));
  if (!has_descriptor(st, so)) return (so->so_state & SS_ISCONNECTED) != 0;
  return (so->so_state & SS_ISCONNECTING) != 0 && so->so_error == err::ok && !(so->so_state & SS_CLOSING);
}

bool receive_allows_sleep(const Stack &, const socket *so, const sleeper &s) {
  const sockbuf &sb = so->so_rcv;
  if (so->so_state & (SS_CLOSING | SS_CANTRCVMORE)) return false;
  if (so->so_error != err::ok && sb.sb_cc == 0) return false;
  if (so->so_type == sotype::dgram) return sb.sb_mb == nullptr;
  if (!(so->so_state & (SS_ISCONNECTED | SS_ISCONNECTING))) return false;
  uint32_t enough = s.wants_all ? sb.sb_hiwat : sb.sb_lowat;
  if (s.want != 0) enough = std::min(enough, s.want);
  return sb.sb_cc < std::max(enough, uint32_t(1));
}

// Who waits for memory sleeps here as well, and wakes up by itself.
bool send_allows_sleep(const Stack &, const socket *so, const sleeper &s) {
  if (so->so_state & (SS_CLOSING | SS_CANTSENDMORE)) return false;
  if (so->so_error != err::ok || so->so_pcb == nullptr) return false;
  bool for_memory = s.wakes_in <= memory_retry_ms;
  return for_memory || sbspace(so->so_snd) < so->so_snd.sb_lowat;
}

// POLLPRI, POLLERR and POLLHUP are not looked at.
bool poll_allows_sleep(const Stack &, const socket *, const sleeper &s) {
  if (s.polls == nullptr) return true;
  return !((s.events & POLLIN) && soreadable(s.polls)) && !((s.events & POLLOUT) && sowriteable(s.polls));
}

waited_for find_in(const socket *so, const semaphore *sem) {
  const sockbuf &rcv = so->so_rcv, &snd = so->so_snd;
  if (sleeps_on(so->so_timeo, sem)) return {"so_timeo", so, state_allows_sleep};
  if (sleeps_on(rcv.sb_wait, sem)) return {"so_rcv.sb_wait", so, receive_allows_sleep};
  if (sleeps_on(snd.sb_wait, sem)) return {"so_snd.sb_wait", so, send_allows_sleep};
  if (sleeps_on(rcv.sb_lock.wanted, sem)) return {"so_rcv.sb_lock", so, nullptr, rcv.sb_lock.holder};
  if (sleeps_on(snd.sb_lock.wanted, sem)) return {"so_snd.sb_lock", so, nullptr, snd.sb_lock.holder};
  return {};
}

waited_for find(const Stack &st, const semaphore *sem) {
  if (sem == &st.lock.lk_sem) return {"locker", nullptr, nullptr, st.lock.lk_holder};
  if (sleeps_on(st.selwait, sem)) return {"selwait", nullptr, poll_allows_sleep};
  for (const socket *so = st.sockets.first(); so != nullptr; so = so->so_link.next)
    if (waited_for w = find_in(so, sem); w.what != nullptr) return w;
  return {};
}

[[noreturn]] void fail(const std::string &key, const std::string &text, const socket *so) {
  watch::fail_oracle("liveness", key, text, so);
}

const sleeper *with_id(std::span<const sleeper> all, thread_id id) {
  auto s = std::find_if(all.begin(), all.end(), [id](const sleeper &x) { return x.id == id; });
  return s == all.end() ? nullptr : &*s;
}

// From one that waits for a lock to its holder, and on, until somebody waits for the first. So many steps
// lead there; 0: none do.
size_t steps_back_to(const Stack &st, std::span<const sleeper> all, const sleeper &first) {
  const sleeper *s = &first;
  for (size_t steps = 1; steps <= all.size(); ++steps) {
    waited_for w = find(st, s->on);
    s = w.may_sleep == nullptr ? with_id(all, w.holder) : nullptr;
    if (s == nullptr) return 0;
    if (s == &first) return steps;
  }
  return 0;
}

void expect_no_circle(const Stack &st, std::span<const sleeper> all, const sleeper &first) {
  std::string text, key = "deadlock";
  std::vector<std::string> locks;
  const sleeper *s = &first;
  waited_for w;
  for (size_t steps = steps_back_to(st, all, first); steps > 0; --steps) {
    w = find(st, s->on);
    const sleeper *holder = with_id(all, w.holder);
    text += std::string(text.empty() ? "" : ", ") + s->name + " waits for " + w.what + ", which " +
            holder->name + " holds";
    locks.push_back(w.what);
    s = holder;
  }
  if (locks.empty()) return;
  std::sort(locks.begin(), locks.end());
  for (const std::string &l : locks) key += ":" + l;
  fail(key, text, w.so);
}

[[noreturn]] void lost_wakeup(const sleeper &s, const waited_for &w) {
  fail(std::string("lost-wakeup:") + w.what,
       std::string(s.name) + " sleeps on " + w.what + ", and what it waits for is true", w.so);
}

}  // namespace

void audit_liveness(const Stack &st, std::span<const sleeper> all) {
  for (const sleeper &s : all) {
    waited_for w = find(st, s.on);
    if (w.what == nullptr) continue;
    bool may_sleep = w.may_sleep != nullptr ? w.may_sleep(st, w.so, s) : w.holder != no_thread;
    if (!may_sleep) lost_wakeup(s, w);
    if (w.may_sleep == nullptr) expect_no_circle(st, all, s);
  }
}

void audit_starvation(const Stack &st, const sleeper &s) {
  waited_for w = find(st, s.on);
  bool at_a_buffers_lock = w.so != nullptr && w.may_sleep == nullptr;
  if (!at_a_buffers_lock || s.naps < max_naps_at_a_lock) return;
  fail(std::string("starvation:") + w.what,
       std::string(s.name) + " sleeps on " + w.what + " for the " + std::to_string(s.naps) + "th time on end",
       w.so);
}

void audit_work(uint64_t events) {
  if (events <= max_events_per_frame) return;
  fail("work-per-frame", "one frame has caused " + std::to_string(events) + " allocations, frees and changes",
       nullptr);
}

}  // namespace kyu::fuzz
