// Readiness of several descriptors (BSD: sys/kern/sys_generic.c, selscan and selwakeup; volume 2,
// section 16.13).
#include "kyu/kyu.h"
#include "stack.h"

namespace kyu {

namespace {

uint8_t events_of(const socket *so) {
  bool stream = so->so_type == sotype::stream, gone = stream && (so->so_state & SS_ISDISCONNECTED) != 0;
  bool urgent = so->so_oobmark != 0 || (so->so_state & SS_RCVATMARK) != 0;
  return uint8_t((soreadable(so) ? POLLIN : 0) | (sowriteable(so) ? POLLOUT : 0) | (urgent ? POLLPRI : 0) |
                 (so->so_error != err::ok ? POLLERR : 0) | (gone ? POLLHUP : 0));
}

NET_LOCKED uint8_t look_at(Stack &st, const net_pollfd &p) {
  if (p.fd < 0) return 0;
  file *f = fhold(st, p.fd);
  if (f == nullptr) return POLLNVAL;
  uint8_t have = events_of(f->f_so);
  --f->f_users;  // nothing happened meanwhile: the locker is held
  return have & (p.events | POLLERR | POLLHUP);
}

NET_LOCKED uint32_t look_at_all(Stack &st, std::span<net_pollfd> fds) {
  uint32_t ready = 0;
  for (net_pollfd &p : fds) {
    p.revents = look_at(st, p);
    ready += p.revents != 0;
  }
  return ready;
}

}  // namespace

uint32_t net_poll(Stack &st, std::span<net_pollfd> fds, uint32_t ms) {
  net_locked lock(st);
  uint64_t until = ms == poll_forever ? UINT64_MAX : st.now() + ms;
  for (;;) {
    uint32_t ready = look_at_all(st, fds);
    uint64_t now = st.now();
    if (ready > 0 || now >= until) return ready;
    (void)sleep_on(st, st.selwait, until == UINT64_MAX ? forever : uint32_t(until - now));
  }
}

}  // namespace kyu
