// Segments for connections that are not synchronised yet: LISTEN and SYN-SENT (RFC 9293, 3.10.7.2
// and 3.10.7.3; volume 2, section 28.6 ff.).
#include "ip/ip_var.h"
#include "stack.h"
#include "tcp/tcp_segment.h"
#include "tcp/tcp_syncookie.h"

namespace kyu {

namespace {

// Of the connections that may go, the one whose timer `which` runs out first; null: there is none.
NET_LOCKED tcpcb *first_to_expire(const Stack &st, bool (*may_go)(const tcpcb *), tcp_timer which) {
  tcpcb *first = nullptr;
  for (tcpcb *tp = st.tcp_timerq.first(); tp != nullptr; tp = tp->t_timerq.next) {
    if (tp->t_timer[which] == 0 || !may_go(tp)) continue;
    if (first == nullptr || tp->t_timer[which] < first->t_timer[which]) first = tp;
  }
  return first;
}

bool waits_for_duplicates(const tcpcb *tp) { return tp->t_state == tcps::time_wait; }

// By a listener, not by a user himself.
bool half_opened(const tcpcb *tp) {
  return tp->t_state == tcps::syn_received && tcp_socket(tp)->so_head != nullptr;
}

// Where a pool is empty, a connection that only waits for old duplicates makes room.
NET_LOCKED socket *newconn(tcp_segment &seg) {
  if (socket *so = sonewconn(seg.so, 0); so != nullptr) return so;
  tcpcb *old = first_to_expire(seg.st, waits_for_duplicates, TCPT_2MSL);
  if (old == nullptr) return nullptr;
  tcpcb_close(old);
  return sonewconn(seg.so, 0);
}

// A socket, pcb and tcpcb for a SYN that reached a listener; null: no room, nothing kept.
NET_LOCKED tcpcb *spawn_connection(tcp_segment &seg) {
  socket *so = newconn(seg);
  if (so == nullptr) return nullptr;
  inpcb *inp = sotoinpcb(so);
  tcpcb *tp = intotcpcb(inp), *parent = seg.tp;
  inp->inp_laddr = seg.dst;
  tp->t_flags = uint16_t(parent->t_flags & TF_NODELAY);
  tp->t_maxseg = parent->t_maxseg;
  tp->t_usermss = parent->t_usermss;
  tp->t_usertimeo = parent->t_usertimeo;
  tp->t_keepidle = parent->t_keepidle;
  tp->t_keepintvl = parent->t_keepintvl;
  inp->inp_tos = parent->t_inpcb->inp_tos;
  inp->inp_ttl = parent->t_inpcb->inp_ttl;
  tcp_newstate(tp, tcps::listen);
  if (in_pcbconnect(inp, seg.src) == err::ok) return tp;
  tcpcb_close(tp);
  return nullptr;
}

// What a connection knows of its peer from the SYN, also where a cookie brought that back.
NET_LOCKED void take_syn(tcp_segment &seg, tcpcb *tp, tcp_seq irs, const tcp_options &offer) {
  seg.tp = tp;
  seg.inp = tp->t_inpcb;
  seg.so = tcp_socket(tp);
  tp->rcv_scale = tcp_scale_for(seg.so->so_rcv.sb_hiwat);
  tcp_take_offer(tp, offer);
  tcp_sendseqinit(tp);
  tp->irs = irs;
  tcp_rcvseqinit(tp);
  tp->t_rcvtime = seg.st.now();
  tcp_newstate(tp, tcps::syn_received);
  tcp_settimer(tp, TCPT_KEEP, TCPTV_KEEP_INIT);
  tp->snd_wnd = tp->max_sndwnd = seg.wnd;
  tp->snd_wl1 = irs;
  tp->snd_wl2 = tp->snd_una;
}

// The ACK of a cookie: a connection in SYN-RECEIVED, as if it had been remembered. The queue of
// half-open ones does not matter to it, since it will not be one; only where a pool is empty too does
// the oldest of them, of whichever listener, give way: it may be part of the flood.
NET_LOCKED verdict cookie_input(tcp_segment &seg) {
  Stack &st = seg.st;
  tcp_options offer;
  bool lately = st.now() < st.cookies_until;
  if (!lately) return verdict::drop_with_reset;
  cookie_is is = tcp_check_cookie(seg, seg.seq - 1, &offer);
  if (is == cookie_is::foreign) return verdict::drop_with_reset;
  if (is == cookie_is::out_of_order) return verdict::drop;  // it has overtaken the first one, and comes again
  if (soqfull(seg.so)) return verdict::drop;                // the peer's data will bring the cookie again
  tcpcb *tp = spawn_connection(seg);
  if (tp == nullptr) {
    tcpcb *half_open = first_to_expire(st, half_opened, TCPT_KEEP);
    if (half_open == nullptr) return verdict::drop;
    tcp_drop_quietly(half_open, err::connaborted);
    tp = spawn_connection(seg);
  }
  if (tp == nullptr) return verdict::drop;
  ++st.tcp_stat.tcps_sc_recvcookie;
  take_syn(seg, tp, seg.seq - 1, offer);
  tcp_begin_at(tp, seg.ack - 1);
  tp->snd_nxt = tp->snd_max = seg.ack;
  tp->rcv_adv = tp->rcv_nxt + min_of(seg.so->so_rcv.sb_hiwat, TCP_MAXWIN);
  tcp_settimer(tp, TCPT_REXMT, tp->t_rxtcur);  // for the SYN-ACK, should this segment not complete it
  return verdict::again;
}

}  // namespace

verdict tcp_listen_input(tcp_segment &seg) {
  if (seg.flags & TH_RST) return verdict::drop;
  if (seg.flags & TH_ACK) return seg.flags & TH_SYN ? verdict::drop_with_reset : cookie_input(seg);
  if (!(seg.flags & TH_SYN) || seg.group) return verdict::drop;
  tcpcb *tp = soqroom(seg.so) ? spawn_connection(seg) : nullptr;
  if (tp == nullptr) {
    ++seg.st.tcp_stat.tcps_listendrop;
    if (soqfull(seg.so)) return verdict::drop;
    seg.st.cookies_until = seg.st.now() + 2 * uint64_t(tcp_cookie_ms);
    tcp_send_cookie(seg);
    return verdict::drop;
  }
  take_syn(seg, tp, seg.seq, seg.opt);
  if (seg.reopens) tcp_begin_above(tp, seg.reopen_above);
  tp->t_flags |= TF_ACKNOW;
  (void)tcp_output(tp);
  return verdict::drop;  // text and FIN on a SYN come again once we are established
}

bool tcp_adopt_cookie(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  tcp_options offer;
  bool ours = seg.st.now() < seg.st.cookies_until && seg.so->so_head != nullptr &&
              tcp_check_cookie(seg, tp->irs, &offer) == cookie_is::good;
  if (!ours) return false;
  tcp_begin_at(tp, seg.ack - 1);
  tp->snd_nxt = tp->snd_max = seg.ack;
  return true;
}

void tcp_established(tcpcb *tp) {
  socket *so = tcp_socket(tp);
  if (tp->t_rxtshift > 0) {  // a SYN was lost, or the path is a long one (RFC 5681, 3.1; RFC 6298, 5.7)
    tp->snd_cwnd = tp->t_maxseg;
    tp->t_rxtcur = TCPTV_LOSTSYN;  // unless its ACK measures it
  }
  tcp_newstate(tp, tcps::established);
  tcp_stoptimer(tp, TCPT_KEEP);
  if (so->so_options & SO_KEEPALIVE) tcp_settimer(tp, TCPT_KEEP, tp->t_keepidle);
  soisconnected(so);
  if (!(tp->t_flags & TF_NEEDFIN)) return;
  tp->t_flags &= uint16_t(~TF_NEEDFIN);
  tcp_newstate(tp, tcps::fin_wait_1);
  soisdisconnecting(so);
}

// Text and FIN are taken only when the SYN also acknowledges ours; in a simultaneous open they come
// again (RFC 9293 would have them queued).
verdict tcp_syn_sent_input(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  bool acked = (seg.flags & TH_ACK) != 0;
  if (acked && (seq_leq(seg.ack, tp->iss) || seq_gt(seg.ack, tp->snd_max))) return verdict::drop_with_reset;
  if (seg.flags & TH_RST) {
    if (acked) tcp_drop(tp, err::connrefused);
    return verdict::drop;
  }
  if (!(seg.flags & TH_SYN)) return verdict::drop;
  tp->irs = seg.seq;
  tcp_rcvseqinit(tp);
  tp->t_flags |= TF_ACKNOW;
  tp->snd_wnd = tp->max_sndwnd = seg.wnd;
  tp->snd_wl1 = seg.seq;
  tp->snd_wl2 = seg.ack;
  tcp_take_offer(tp, seg.opt);
  if (!acked) {
    tcp_newstate(tp, tcps::syn_received);
    tp->snd_wl2 = tp->snd_una;
    tp->snd_nxt = tp->iss;  // our SYN goes out again, with an ACK
    (void)tcp_output(tp);
    return verdict::drop;
  }
  ++seg.st.tcp_stat.tcps_connects;
  tp->snd_una = seg.ack;
  tp->snd_nxt = seq_max(tp->snd_nxt, tp->snd_una);
  tcp_stoptimer(tp, TCPT_REXMT);
  tcp_established(tp);
  tp->t_rxtshift = 0;
  tcp_measure(seg);
  tcp_trim_head(seg, 1);
  int32_t beyond = seg.end() - (tp->rcv_nxt + tp->rcv_wnd);
  if (beyond > 0) tcp_trim_tail(seg, min_of(uint32_t(beyond), seg.len));
  seg.need_output = true;
  return verdict::text;
}

}  // namespace kyu
