// What a user asks of a socket (BSD: kern/uipc_socket.c; volume 2, chapter 15).
#include "socket/protosw.h"
#include "socket/socketvar.h"
#include "stack.h"

namespace kyu {

err socreate(Stack &st, sotype type, socket **out) {
  socket *so = pool_new<socket>(st.socket_pool, &st, type);
  if (so == nullptr) return err::nobufs;
  st.sockets.insert_tail(so);
  err e = pru_attach(so);
  if (e != err::ok) {
    so_set(so, SS_NOFDREF);
    sofree(so);
    return e;
  }
  *out = so;
  return err::ok;
}

err sobind(socket *so, endpoint local) {
  if (so->so_pcb == nullptr) return err::inval;
  return pru_bind(so, local);
}

err solisten(socket *so, int backlog) {
  if (so->so_type != sotype::stream) return err::opnotsupp;
  if (so->so_pcb == nullptr) return err::inval;
  if (so->so_state & (SS_ISCONNECTED | SS_ISCONNECTING | SS_ISDISCONNECTING)) return err::inval;
  if (err e = pru_listen(so); e != err::ok) return e;
  so->so_options |= SO_ACCEPTCONN;
  so->so_qlimit = uint16_t(min_of(max_of(backlog, 1), int(SOMAXCONN)));
  return err::ok;
}

err soaccept(socket *so, endpoint *peer) {
  KASSERT(so->so_state & SS_NOFDREF, "soaccept: already has a user");
  KASSERT(!so->so_qe.linked(), "soaccept: still queued");
  so_clear(so, SS_NOFDREF);
  return pru_peeraddr(so, peer);
}

err soconnect(socket *so, endpoint peer) {
  if (so->so_options & SO_ACCEPTCONN) return err::opnotsupp;
  if (so->so_pcb == nullptr) return err::inval;
  if (so->so_state & SS_ISCONNECTING) return err::already;
  if (so->so_state & SS_ISCONNECTED) {
    if (so->so_type == sotype::stream) return err::isconn;
    if (err e = sodisconnect(so); e != err::ok) return e;
  }
  return pru_connect(so, peer);
}

err sodisconnect(socket *so) {
  if (!(so->so_state & SS_ISCONNECTED)) return err::notconn;
  if (so->so_state & SS_ISDISCONNECTING) return err::already;
  return pru_disconnect(so);
}

err soshutdown(socket *so, shut how) {
  if (so->so_options & SO_ACCEPTCONN) return err::notconn;
  bool connected = so->so_pcb != nullptr && (so->so_state & SS_ISCONNECTED) != 0;
  if (how != shut::rd && !connected) return err::notconn;
  if (how != shut::wr) sorflush(so);
  return how == shut::rd ? err::ok : pru_shutdown(so);
}

namespace {

// A listener takes its unaccepted connections with it.
NET_LOCKED void abort_queued(socket *head) {
  while (socket *so = head->so_q0.first()) {
    soqremque(so, 0);
    soabort(so);
  }
  while (socket *so = head->so_q.first()) {
    soqremque(so, 1);
    soabort(so);
  }
}

// Starts the disconnect, and waits for its end where the user asked for that.
NET_LOCKED err disconnect_and_linger(socket *so) {
  if (!(so->so_state & SS_ISDISCONNECTING)) {
    if (err e = sodisconnect(so); e != err::ok) return e;
  }
  if (!(so->so_options & SO_LINGER)) return err::ok;
  const port &p = *so->so_stack->port;
  uint64_t until = p.now_ms(p.ctx) + uint64_t(so->so_linger) * 1000;
  while (so->so_state & SS_ISCONNECTED) {
    uint64_t now = p.now_ms(p.ctx);
    if (now >= until) break;
    if (sleep_on(*so->so_stack, so->so_timeo, uint32_t(until - now)) != err::ok) break;
  }
  return err::ok;
}

}  // namespace

// The protocol may have let go of the socket already, when the peer closed first: then so_pcb is
// null, and the user's reference is the last one.
err soclose(socket *so) {
  err e = err::ok;
  if (so->so_options & SO_ACCEPTCONN) abort_queued(so);
  if (so->so_pcb != nullptr) {
    if (so->so_state & SS_ISCONNECTED) e = disconnect_and_linger(so);
    if (so->so_pcb != nullptr) pru_detach(so);
  }
  KASSERT(!(so->so_state & SS_NOFDREF), "soclose: no user reference");
  so_set(so, SS_NOFDREF);
  sofree(so);
  return e;
}

void soabort(socket *so) {
  KASSERT(so->so_state & SS_NOFDREF, "soabort: a user holds it");
  if (so->so_pcb != nullptr)
    pru_abort(so);
  else
    sofree(so);
}

void sofree(socket *so) {
  if (so->so_pcb != nullptr || !(so->so_state & SS_NOFDREF)) return;
  if (so->so_head != nullptr) {
    bool queued = soqremque(so, 0) || soqremque(so, 1);
    KASSERT(queued, "sofree: not on its listener's queues");
  }
  KASSERT(so->so_q0.empty() && so->so_q.empty(), "sofree: listener with connections");
  sorflush(so);
  sbflush(so->so_snd);
  Stack &st = *so->so_stack;
  st.sockets.remove(so);
  pool_delete(st.socket_pool, so);
}

// The buffer is taken with its lock, so that no receiver is in the middle of it.
void sorflush(socket *so) {
  Stack &st = *so->so_stack;
  socantrcvmore(so);
  if (sb_lock(st, so->so_rcv, true) != err::ok) return;
  sb_unlock(st, so->so_rcv);
  sbflush(so->so_rcv);
  so->so_oobmark = 0;
  so_clear(so, SS_RCVATMARK);
}

}  // namespace kyu
