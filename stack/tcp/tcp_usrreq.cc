// TCP's answers to what the user asks (BSD: netinet/tcp_usrreq.c; volume 2, chapter 30).
#include "ip/ip_var.h"
#include "stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_var.h"

namespace kyu {

namespace {

tcpcb *sototcpcb(const socket *so) { return intotcpcb(sotoinpcb(so)); }

}  // namespace

err tcp_attach(socket *so) {
  if (so->so_snd.sb_hiwat == 0) {
    sbreserve(so->so_snd, so->so_stack->limits.tcp_sendspace);
    sbreserve(so->so_rcv, so->so_stack->limits.tcp_recvspace);
  }
  if (err e = in_pcballoc(so, so->so_stack->tcb); e != err::ok) return e;
  if (tcp_newtcpcb(so->so_pcb) != nullptr) return err::ok;
  // The socket stays with whoever made it: detach must not free it.
  uint16_t unreferenced = so->so_state & SS_NOFDREF;
  so_clear(so, SS_NOFDREF);
  in_pcbdetach(so->so_pcb);
  so_set(so, unreferenced);
  return err::nobufs;
}

err tcp_usr_bind(socket *so, endpoint local) { return in_pcbbind(sotoinpcb(so), local); }

// A connection that was shut down is not over: the socket does not tell, its state does.
err tcp_usr_listen(socket *so) {
  inpcb *inp = sotoinpcb(so);
  tcpcb *tp = sototcpcb(so);
  tcp_met(tp, tcp_event::listen);
  if (tp->t_state == tcps::listen) return err::ok;
  if (tp->t_state != tcps::closed) return err::inval;
  if (inp->inp_laddr.port == 0) {
    if (err e = in_pcbbind(inp, {}); e != err::ok) return e;
  }
  tcp_newstate(tp, tcps::listen);
  return err::ok;
}

err tcp_usr_connect(socket *so, endpoint peer) {
  Stack &st = *so->so_stack;
  inpcb *inp = sotoinpcb(so);
  tcpcb *tp = intotcpcb(inp);
  tcp_met(tp, tcp_event::connect);
  if (tp->t_state != tcps::closed) return err::isconn;
  if (in_broadcast(st, peer.addr) || in_multicast(peer.addr)) return err::addrnotavail;
  if (err e = in_pcbconnect(inp, peer); e != err::ok) return e;
  soisconnecting(so);
  ++st.tcp_stat.tcps_connattempt;
  tcp_sendseqinit(tp);
  tp->rcv_scale = tcp_scale_for(so->so_rcv.sb_hiwat);
  tp->snd_cwnd = tp->t_maxseg;
  tcp_newstate(tp, tcps::syn_sent);
  tcp_settimer(tp, TCPT_KEEP, TCPTV_CONN_INIT);
  return tcp_output(tp);
}

// RFC 9293, 3.10.4. The tcpcb may be gone afterwards.
void tcp_usrclosed(tcpcb *tp) {
  socket *so = tcp_socket(tp);
  switch (tp->t_state) {
    case tcps::closed:
    case tcps::listen:
    case tcps::syn_sent: return tcpcb_close(tp);
    case tcps::syn_received: tp->t_flags |= TF_NEEDFIN; return;
    case tcps::established: tcp_newstate(tp, tcps::fin_wait_1); break;
    case tcps::close_wait: tcp_newstate(tp, tcps::last_ack); break;
    case tcps::fin_wait_2:
      // Shut down before, closed now: the peer's FIN is not waited for without limit.
      if ((so->so_state & SS_CANTRCVMORE) && tp->t_timer[TCPT_2MSL] == 0)
        tcp_settimer(tp, TCPT_2MSL, tcp_maxidle);
      soisdisconnected(so);
      return;
    case tcps::fin_wait_1:
    case tcps::closing:
    case tcps::last_ack: return;
    case tcps::time_wait: soisdisconnected(so); return;
  }
}

void tcp_disconnect(tcpcb *tp) {
  socket *so = tcp_socket(tp);
  bool abort = ((so->so_options & SO_LINGER) != 0 && so->so_linger == 0) || so->so_rcv.sb_cc > 0;
  tcp_met(tp, abort ? tcp_event::abort : tcp_event::close);
  if (tp->t_state < tcps::syn_received) return tcpcb_close(tp);
  if (abort) return tcp_drop(tp, err::ok);  // RFC 9293, 3.10.4, SHLD-3
  soisdisconnecting(so);
  tcp_usrclosed(tp);
  if (so->so_pcb != nullptr) (void)tcp_output(tp);
}

err tcp_usr_shutdown(socket *so) {
  tcpcb *tp = sototcpcb(so);
  tcp_met(tp, tcp_event::shutdown);
  socantsendmore(so);
  tcp_usrclosed(tp);
  return so->so_pcb != nullptr ? tcp_output(tp) : err::ok;
}

void tcp_usr_detach(socket *so) { tcp_disconnect(sototcpcb(so)); }

void tcp_usr_rcvd(socket *so) {
  tcpcb *tp = sototcpcb(so);
  tcp_met(tp, tcp_event::received);
  if (tcps_have_rcvd_syn(tp->t_state)) (void)tcp_output(tp);  // a window update, where one is due
}

// RFC 9293, 3.8.5: the urgent pointer says where normal data begins again.
err tcp_usr_send(socket *so, mbuf *m, bool oob, bool more) {
  tcpcb *tp = sototcpcb(so);
  tcp_met(tp, oob ? tcp_event::send_urgent : tcp_event::send);
  sbappend(so->so_snd, m);
  if (oob) tp->snd_up = tp->snd_una + so->so_snd.sb_cc;
  uint16_t hint = oob ? TF_FORCE : more ? TF_MORETOCOME : 0;
  tp->t_flags |= hint;
  err e = tcp_output(tp);
  tp->t_flags &= uint16_t(~hint);
  return e;
}

err tcp_usr_rcvoob(socket *so, uint8_t *byte, bool peek) {
  tcpcb *tp = sototcpcb(so);
  if ((so->so_options & SO_OOBINLINE) || tp->t_urgent == urgent::none || tp->t_urgent == urgent::taken)
    return err::inval;
  if (tp->t_urgent == urgent::announced) return err::again;
  *byte = tp->t_iobc;
  if (!peek) tp->t_urgent = urgent::taken;
  return err::ok;
}

}  // namespace kyu
