// What the protocol tells the socket, and the listener's queues (BSD: kern/uipc_socket2.c;
// volume 2, section 15.7 ff.).
#include "socket/protosw.h"
#include "socket/socketvar.h"
#include "stack.h"

namespace kyu {

void so_set(socket *so, uint16_t bits) {
  uint16_t was = so->so_state;
  so->so_state = uint16_t(was | bits);
  pool_note(so->so_stack->socket_pool, so, "so_state", was, so->so_state);
}

void so_clear(socket *so, uint16_t bits) {
  uint16_t was = so->so_state;
  so->so_state = uint16_t(was & ~bits);
  pool_note(so->so_stack->socket_pool, so, "so_state", was, so->so_state);
}

void soisconnecting(socket *so) {
  so_clear(so, SS_ISCONNECTED | SS_ISDISCONNECTING);
  so_set(so, SS_ISCONNECTING);
}

// A connection that its listener waits for moves from so_q0 to so_q.
void soisconnected(socket *so) {
  so_clear(so, SS_ISCONNECTING | SS_ISDISCONNECTING);
  so_set(so, SS_ISCONNECTED);
  socket *head = so->so_head;
  if (head != nullptr && soqremque(so, 0)) {
    soqinsque(head, so, 1);
    sorwakeup(head);
    wakeup(*head->so_stack, head->so_timeo);
  } else {
    wakeup(*so->so_stack, so->so_timeo);
    sorwakeup(so);
    sowwakeup(so);
  }
}

void soisdisconnecting(socket *so) {
  so_clear(so, SS_ISCONNECTING);
  so_set(so, SS_ISDISCONNECTING | SS_CANTRCVMORE | SS_CANTSENDMORE);
  sowakeall(so);
}

void soisdisconnected(socket *so) {
  so_clear(so, SS_ISCONNECTING | SS_ISCONNECTED | SS_ISDISCONNECTING);
  so_set(so, SS_CANTRCVMORE | SS_CANTSENDMORE | SS_ISDISCONNECTED);
  sowakeall(so);
}

void socantsendmore(socket *so) {
  so_set(so, SS_CANTSENDMORE);
  sowwakeup(so);
}

void socantrcvmore(socket *so) {
  so_set(so, SS_CANTRCVMORE);
  sorwakeup(so);
}

// No signals here: whoever sleeps in a receive looks again.
void sohasoutofband(socket *so) { sorwakeup(so); }

// Whoever polls looks at all of its sockets again, whichever it was.
void sorwakeup(socket *so) {
  wakeup(*so->so_stack, so->so_rcv.sb_wait);
  wakeup(*so->so_stack, so->so_stack->selwait);
}

void sowwakeup(socket *so) {
  wakeup(*so->so_stack, so->so_snd.sb_wait);
  wakeup(*so->so_stack, so->so_stack->selwait);
}

void sowakeall(socket *so) {
  wakeup(*so->so_stack, so->so_timeo);
  sorwakeup(so);
  sowwakeup(so);
}

// Both queues together may hold half as much again as the backlog (volume 2, figure 15.25).
bool soqroom(const socket *head) { return head->so_qlen + head->so_q0len <= 3 * head->so_qlimit / 2; }

bool soqfull(const socket *head) { return head->so_qlen > head->so_qlimit; }

socket *sonewconn(socket *head, uint16_t connstatus) {
  Stack &st = *head->so_stack;
  socket *so = pool_new<socket>(st.socket_pool, &st, head->so_type);
  if (so == nullptr) return nullptr;
  st.sockets.insert_tail(so);
  so->so_options = uint16_t(head->so_options & ~SO_ACCEPTCONN);
  so->so_linger = head->so_linger;
  so_set(so, SS_NOFDREF);
  so->so_snd.sb_timeo = head->so_snd.sb_timeo;
  so->so_rcv.sb_timeo = head->so_rcv.sb_timeo;
  so->so_snd.sb_lowat = head->so_snd.sb_lowat;
  so->so_rcv.sb_lowat = head->so_rcv.sb_lowat;
  sbreserve(so->so_snd, head->so_snd.sb_hiwat);
  sbreserve(so->so_rcv, head->so_rcv.sb_hiwat);
  int q = connstatus != 0 ? 1 : 0;
  soqinsque(head, so, q);
  if (pru_attach(so) != err::ok) {
    sofree(so);
    return nullptr;
  }
  if (connstatus != 0) {
    so_set(so, connstatus);
    sorwakeup(head);
    wakeup(st, head->so_timeo);
  }
  return so;
}

void soqinsque(socket *head, socket *so, int q) {
  KASSERT(so->so_head == nullptr, "soqinsque: has a listener");
  so->so_head = head;
  if (q == 0) {
    head->so_q0.insert_tail(so);
    ++head->so_q0len;
  } else {
    head->so_q.insert_tail(so);
    ++head->so_qlen;
  }
  pool_note(so->so_stack->socket_pool, so, q == 0 ? "so_q0" : "so_q", 0, 1);
}

bool soqremque(socket *so, int q) {
  socket *head = so->so_head;
  auto &from = q == 0 ? head->so_q0 : head->so_q;
  if (!from.contains(so)) return false;
  from.remove(so);
  --(q == 0 ? head->so_q0len : head->so_qlen);
  so->so_head = nullptr;
  pool_note(so->so_stack->socket_pool, so, q == 0 ? "so_q0" : "so_q", 1, 0);
  return true;
}

bool soreadable(const socket *so) {
  return so->so_rcv.sb_cc >= so->so_rcv.sb_lowat || (so->so_state & SS_CANTRCVMORE) != 0 ||
         so->so_qlen != 0 || so->so_error != err::ok;
}

bool sowriteable(const socket *so) {
  bool open = (so->so_state & SS_ISCONNECTED) != 0 || so->so_type == sotype::dgram;
  return (sbspace(so->so_snd) >= so->so_snd.sb_lowat && open) || (so->so_state & SS_CANTSENDMORE) != 0 ||
         so->so_error != err::ok;
}

err so_take_error(socket *so) {
  err e = so->so_error;
  so->so_error = err::ok;
  return e;
}

}  // namespace kyu
