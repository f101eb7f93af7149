// sosend (BSD: kern/uipc_socket.c; volume 2, section 16.7).
#include "socket/protosw.h"
#include "socket/socketvar.h"
#include "stack.h"

namespace kyu {

namespace {

err may_send(socket *so, const endpoint *to) {
  if (so->so_state & SS_CLOSING) return err::badf;
  if (so->so_state & SS_CANTSENDMORE) return err::pipe;
  if (so->so_error != err::ok) return so_take_error(so);
  if (so->so_pcb == nullptr) return err::notconn;
  if (!(so->so_state & SS_ISCONNECTED)) {
    if (so->so_type == sotype::stream) return err::notconn;
    if (to == nullptr) return err::destaddrreq;
  }
  return err::ok;
}

// By which urgent data may exceed a buffer's limits, once and not with each call (volume 2, 16.7).
constexpr uint32_t urgent_beyond = 1024;

// Waits for room; the number of bytes that may be sent now.
NET_LOCKED err wait_for_space(socket *so, const endpoint *to, uint32_t want, uint8_t flags, uint32_t *space) {
  for (;;) {
    if (err e = may_send(so, to); e != err::ok) return e;
    *space = sbspace(so->so_snd, flags & MSG_OOB ? urgent_beyond : 0);
    if (so->so_type == sotype::dgram) return want > so->so_snd.sb_hiwat ? err::msgsize : err::ok;
    if (*space >= want || *space >= so->so_snd.sb_lowat) return err::ok;
    if (flags & MSG_DONTWAIT) return err::again;
    sb_unlock(*so->so_stack, so->so_snd);
    err slept = sbwait(*so->so_stack, so->so_snd);
    err locked = sb_lock(*so->so_stack, so->so_snd, true);
    if (locked != err::ok) return locked;
    if (slept != err::ok) return slept;
  }
}

// A stream's sender waits for memory as it waits for space (BSD: M_WAIT), but not without end: what is
// held may be held by others who wait as well.
constexpr uint32_t memory_patience_ms = 5000;

NET_LOCKED err wait_for_memory(socket *so, uint8_t flags, uint32_t *waited_ms) {
  bool wait = so->so_type == sotype::stream && !(flags & MSG_DONTWAIT) && *waited_ms < memory_patience_ms;
  if (!wait) return err::nobufs;
  *waited_ms += memory_retry_ms;
  Stack &st = *so->so_stack;
  sb_unlock(st, so->so_snd);
  (void)sleep_on(st, so->so_snd.sb_wait, memory_retry_ms);
  return sb_lock(st, so->so_snd, true);
}

// As many bytes as fit one mbuf or cluster go to the protocol at a time.
NET_LOCKED err send_locked(socket *so, const endpoint *to, const_bytes data, uint8_t flags, uint32_t *done) {
  bool atomic = so->so_type == sotype::dgram;
  uint32_t waited_ms = 0;
  do {
    uint32_t left = uint32_t(data.size()) - *done, space = 0;
    if (err e = wait_for_space(so, to, left, flags, &space); e != err::ok) return e;
    uint32_t n = atomic ? left : min_of(min_of(left, max_of(space, uint32_t(1))), MCLBYTES);
    mbuf *m = m_devget(so->so_stack->mb, data.subspan(*done, n), atomic ? max_header : 0);
    if (m == nullptr) {
      if (err e = wait_for_memory(so, flags, &waited_ms); e != err::ok) return e;
      continue;
    }
    waited_ms = 0;
    bool last = *done + n == data.size();
    bool more = !last && space > n;  // with a full buffer nothing can be waited for
    if (err e = pru_send(so, m, to, (flags & MSG_OOB) != 0 && last, more); e != err::ok) return e;
    *done += n;
  } while (*done < data.size());
  return err::ok;
}

}  // namespace

err sosend(socket *so, const endpoint *to, const_bytes data, uint8_t flags, uint32_t *done) {
  Stack &st = *so->so_stack;
  *done = 0;
  if (data.empty() && so->so_type == sotype::stream) return may_send(so, to);
  if (so->so_state & SS_NBIO) flags |= MSG_DONTWAIT;
  if (err e = sb_lock(st, so->so_snd, !(flags & MSG_DONTWAIT)); e != err::ok) return e;
  err e = send_locked(so, to, data, flags, done);
  if (so->so_snd.sb_lock.holder == st.port->thread_self(st.port->ctx)) sb_unlock(st, so->so_snd);
  return *done > 0 ? err::ok : e;
}

}  // namespace kyu
