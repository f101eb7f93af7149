// soreceive (BSD: kern/uipc_socket.c; volume 2, section 16.9 ff.).
#include "socket/protosw.h"
#include "socket/socketvar.h"
#include "stack.h"

namespace kyu {

namespace {

// Waits until there is something to deliver; err::ok with nothing in the buffer is the end of data. A call
// that has delivered `some` leaves an error to the next one.
NET_LOCKED err wait_for_data(socket *so, uint32_t want, uint8_t flags, bool some) {
  sockbuf &sb = so->so_rcv;
  Stack &st = *so->so_stack;
  bool peeked_error = (flags & MSG_PEEK) != 0;
  for (;;) {
    if (so->so_state & SS_CLOSING) return err::badf;
    bool enough = sb.sb_cc >= min_of(want, sb.sb_lowat) && sb.sb_cc > 0;
    if ((flags & MSG_WAITALL) && (flags & MSG_PEEK)) enough = sb.sb_cc >= min_of(want, sb.sb_hiwat);
    if (enough || (so->so_type == sotype::dgram && sb.sb_mb != nullptr)) return err::ok;
    if (some && so->so_error != err::ok) return err::ok;
    if (so->so_error != err::ok && sb.sb_cc == 0) return peeked_error ? so->so_error : so_take_error(so);
    if (so->so_state & SS_CANTRCVMORE) return err::ok;
    bool connected = (so->so_state & (SS_ISCONNECTED | SS_ISCONNECTING)) != 0;
    if (!connected && so->so_type == sotype::stream) return err::notconn;
    if (flags & MSG_DONTWAIT) return sb.sb_cc > 0 ? err::ok : err::again;
    sb_unlock(st, sb);
    err slept = sbwait(st, sb);
    if (err e = sb_lock(st, sb, true); e != err::ok) return e;
    if (slept != err::ok) return sb.sb_cc > 0 ? err::ok : slept;
  }
}

// One datagram; what does not fit is lost, as UDP has it.
uint32_t take_datagram(socket *so, endpoint *from, bytes to, bool peek) {
  sockbuf &sb = so->so_rcv;
  if (sb.sb_mb == nullptr) return 0;
  if (from != nullptr) *from = {sb.sb_mb->m_src, sb.sb_mb->m_srcport};
  uint32_t n = min_of(uint32_t(to.size()), sb.sb_mb->m_pktlen);
  m_copydata(sb.sb_mb, 0, to.first(n));
  if (!peek) sbdroprecord(sb);
  return n;
}

// Delivery stops at the urgent mark, once, so that the reader can tell where it is.
NET_LOCKED uint32_t take_stream(socket *so, bytes to, bool peek) {
  sockbuf &sb = so->so_rcv;
  uint32_t n = min_of(uint32_t(to.size()), sb.sb_cc);
  if (so->so_oobmark != 0) n = min_of(n, so->so_oobmark);
  m_copydata(sb.sb_mb, 0, to.first(n));
  if (peek || n == 0) return n;
  so_clear(so, SS_RCVATMARK);
  sbdrop(sb, n);
  if (so->so_oobmark != 0) {
    so->so_oobmark -= n;
    if (so->so_oobmark == 0) so_set(so, SS_RCVATMARK);
  }
  if (so->so_pcb != nullptr) pru_rcvd(so);
  return n;
}

NET_LOCKED err receive_datagram(socket *so, endpoint *from, bytes to, uint8_t flags, uint32_t *done) {
  err e = wait_for_data(so, uint32_t(to.size()), flags, false);
  if (e == err::ok) *done = take_datagram(so, from, to, (flags & MSG_PEEK) != 0);
  return e;
}

// With MSG_WAITALL in pieces, as they come: the buffer may be smaller than what is wanted, or full before it
// holds so many bytes. The mark ends it (volume 2, figure 16.50).
NET_LOCKED err receive_stream(socket *so, bytes to, uint8_t flags, uint32_t *done) {
  bool peek = (flags & MSG_PEEK) != 0, all = (flags & MSG_WAITALL) != 0 && !peek;
  for (;;) {
    bytes rest = to.subspan(*done);
    err e = wait_for_data(so, uint32_t(rest.size()), flags, *done > 0);
    if (e != err::ok) return *done > 0 ? err::ok : e;
    uint32_t n = take_stream(so, rest, peek);
    *done += n;
    if (!all || n == 0 || *done == to.size() || (so->so_state & SS_RCVATMARK) != 0) return err::ok;
  }
}

err receive_oob(socket *so, bytes to, uint8_t flags, uint32_t *done) {
  if (so->so_pcb == nullptr || so->so_type != sotype::stream) return err::opnotsupp;
  if (to.empty()) return err::inval;
  err e = pru_rcvoob(so, to.data(), (flags & MSG_PEEK) != 0);
  *done = e == err::ok ? 1 : 0;
  return e;
}

}  // namespace

err soreceive(socket *so, endpoint *from, bytes to, uint8_t flags, uint32_t *done) {
  Stack &st = *so->so_stack;
  *done = 0;
  if (so->so_options & SO_ACCEPTCONN) return err::inval;
  if (flags & MSG_OOB) return receive_oob(so, to, flags, done);
  if (to.empty()) return err::ok;
  if (so->so_state & SS_NBIO) flags |= MSG_DONTWAIT;
  if (err e = sb_lock(st, so->so_rcv, !(flags & MSG_DONTWAIT)); e != err::ok) return e;
  err e = so->so_type == sotype::dgram ? receive_datagram(so, from, to, flags, done)
                                       : receive_stream(so, to, flags, done);
  if (so->so_rcv.sb_lock.holder == st.port->thread_self(st.port->ctx)) sb_unlock(st, so->so_rcv);
  return e;
}

}  // namespace kyu
