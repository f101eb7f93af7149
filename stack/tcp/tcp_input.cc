// A segment arrives (RFC 9293, 3.10.7; BSD: netinet/tcp_input.c; volume 2, chapters 28 and 29).
// tcp_input() finds the connection and runs the RFC's steps in their order; each step is a function
// that says how to go on.
#include "ip/ip_var.h"
#include "stack.h"
#include "tcp/tcp_segment.h"

namespace kyu {

namespace {

// "First, check sequence number" for a reset, and "Second, check the RST bit" (with RFC 5961, 3.2).
NET_LOCKED verdict check_reset(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  if (!(seg.flags & TH_RST)) return verdict::next;
  bool in_window =
      seq_geq(seg.seq, tp->rcv_nxt) && (seg.seq == tp->rcv_nxt || seq_lt(seg.seq, tp->rcv_nxt + tp->rcv_wnd));
  if (!in_window) return verdict::drop;
  if (seg.seq != tp->rcv_nxt) {
    tcp_challenge_ack(tp);
    return verdict::drop;
  }
  switch (tp->t_state) {
    case tcps::syn_received: tcp_drop_quietly(tp, err::connrefused); break;
    case tcps::closing:
    case tcps::last_ack:
    case tcps::time_wait: tcpcb_close(tp); break;
    default: tcp_drop_quietly(tp, err::connreset); break;
  }
  return verdict::drop;
}

// PAWS: a segment with an older time stamp than the newest is an old duplicate. Where time stamps were
// agreed on, one without them is not of this connection (RFC 7323, 3.2 and 5.3).
NET_LOCKED verdict check_timestamp(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  if (!(tp->t_flags & TF_TSTMP) || (seg.flags & TH_SYN) != 0) return verdict::next;
  if (!seg.opt.has_ts) return verdict::drop;
  if (int32_t(seg.opt.tsval - tp->ts_recent) >= 0) return verdict::next;
  if (seg.st.now() - tp->ts_recent_age > TCP_PAWS_IDLE) return verdict::next;
  ++seg.st.tcp_stat.tcps_pawsdrop;
  tcp_challenge_ack(tp);  // an ACK, but not without limit: two sides that both answer would go on for ever
  return verdict::drop;
}

// The newest time stamp of a segment at the left edge, from before it was trimmed, is the one to echo
// (RFC 7323, 4.3); an older one comes this far only when ours has lost its meaning. After the ACK was
// looked at: who acknowledges what we never sent does not know the connection.
verdict take_timestamp(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  if (!(tp->t_flags & TF_TSTMP) || !seg.opt.has_ts) return verdict::next;
  if (seq_gt(seg.first, tp->last_ack_sent)) return verdict::next;
  tp->ts_recent = seg.opt.tsval;
  tp->ts_recent_age = seg.st.now();
  return verdict::next;
}

// May this SYN end a TIME-WAIT (RFC 9293, 3.6.1; with time stamps, RFC 6191)?
bool newer_incarnation(const tcp_segment &seg) {
  const tcpcb *tp = seg.tp;
  bool higher = seq_gt(seg.seq, tp->rcv_nxt);
  if (!seg.opt.has_ts) return higher;
  if (!(tp->t_flags & TF_TSTMP)) return true;
  int32_t later = int32_t(seg.opt.tsval - tp->ts_recent);
  return later > 0 || (later == 0 && higher);
}

// "Fourth, check the SYN bit": never legal in a synchronised state, whatever its number
// (RFC 5961, 4.2), but for one that finds a TIME-WAIT and is newer.
NET_LOCKED verdict check_syn(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  if (!(seg.flags & TH_SYN) || tp->t_state == tcps::syn_received) return verdict::next;
  if (tp->t_state == tcps::time_wait && !(seg.flags & TH_ACK) && newer_incarnation(seg)) {
    seg.reopens = true;
    seg.reopen_above = tp->snd_max;
    tcpcb_close(tp);
    return verdict::again;
  }
  tcp_challenge_ack(tp);
  return verdict::drop;
}

// "First, check sequence number": cuts off what lies left of the window. A segment with nothing new
// is acknowledged, and its ACK is still looked at: simultaneous open and keepalives need that.
NET_LOCKED verdict trim_left(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  int32_t old = tp->rcv_nxt - seg.seq;
  if (old <= 0) return verdict::next;
  uint32_t syn = (seg.flags & TH_SYN) != 0 ? 1 : 0, todrop = uint32_t(old);
  bool brings = seg.len > 0 || (seg.flags & TH_FIN) != 0;
  if (seg.len > 0) tcp_sack_duplicate(tp, {seg.seq + syn, seq_min(seg.end(), tp->rcv_nxt)});
  if (todrop >= seg.len + syn) {
    bool new_fin = (seg.flags & TH_FIN) != 0 && todrop == seg.len + syn;
    if (!new_fin) {
      ++seg.st.tcp_stat.tcps_rcvduppack;
      seg.stale = true;
      seg.flags &= uint8_t(~TH_FIN);
      bool answer = brings || tcp_may_challenge(tp);
      if (answer) tp->t_flags |= TF_ACKNOW;
      // Too old to be ours by any window: say where we are, and no more.
      if (todrop > seg.len + syn + (TCP_MAXWIN << tp->rcv_scale))
        return answer ? verdict::drop_after_ack : verdict::drop;
    }
    todrop = seg.len + syn;
  }
  tcp_trim_head(seg, todrop);
  return verdict::next;
}

NET_LOCKED verdict trim_right(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  int32_t beyond = seg.end() - (tp->rcv_nxt + tp->rcv_wnd);
  if (beyond <= 0) return verdict::next;
  if (uint32_t(beyond) >= seg.len) {
    bool probe = tp->rcv_wnd == 0 && seg.seq == tp->rcv_nxt;  // into a closed window
    if (!probe && seg.len == 0) {
      tcp_challenge_ack(tp);  // with a limit: the peer may find ours unacceptable as well
      return verdict::drop;
    }
    if (!probe) return verdict::drop_after_ack;
    tp->t_flags |= TF_ACKNOW;
    beyond = int32_t(seg.len);
  }
  tcp_trim_tail(seg, uint32_t(beyond));
  return verdict::next;
}

// A SYN that is still there lies in the window (RFC 9293: back to LISTEN, or a challenge).
NET_LOCKED verdict check_late_syn(tcp_segment &seg) {
  if (!(seg.flags & TH_SYN)) return verdict::next;
  if (tcp_socket(seg.tp)->so_head == nullptr) {
    tcp_challenge_ack(seg.tp);
    return verdict::drop;
  }
  tcp_drop_quietly(seg.tp, err::connreset);
  return verdict::drop;
}

// Data for a user that has closed cannot be delivered any more (RFC 9293, 3.6.1, MUST-17... SHLD-3).
NET_LOCKED verdict check_orphan(tcp_segment &seg) {
  bool orphan = (seg.so->so_state & SS_NOFDREF) != 0 && seg.tp->t_state > tcps::close_wait;
  if (!orphan || seg.len == 0 || seg.tp->t_state == tcps::time_wait) return verdict::next;
  tcpcb_close(seg.tp);
  return verdict::drop_with_reset;
}

// A SYN that comes again in SYN-RECEIVED says that our answer did not arrive.
verdict check_ack_bit(tcp_segment &seg) {
  if (seg.flags & TH_ACK) return verdict::next;
  if (!(seg.tp->t_flags & TF_ACKNOW)) return verdict::drop;
  if (seg.tp->t_state == tcps::syn_received) seg.tp->snd_nxt = seg.tp->iss;
  return verdict::drop_after_ack;
}

// "Sixth, check the URG bit". The mark is a place in the stream that the reader stops at.
NET_LOCKED verdict check_urgent(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  socket *so = seg.so;
  bool urgent_here = (seg.flags & TH_URG) != 0 && seg.urp != 0 && !tcps_have_rcvd_fin(tp->t_state);
  if (!urgent_here || seg.urp + so->so_rcv.sb_cc > seg.st.limits.sb_max) {
    tp->rcv_up = seq_max(tp->rcv_up, tp->rcv_nxt);
    return verdict::next;
  }
  if (!seq_gt(seg.seq + seg.urp, tp->rcv_up)) return verdict::next;
  tp->rcv_up = seg.seq + seg.urp;
  if (so->so_state & SS_CANTRCVMORE) return verdict::next;
  so->so_oobmark = so->so_rcv.sb_cc + uint32_t(tp->rcv_up - tp->rcv_nxt) - 1;
  if (so->so_oobmark == 0) so_set(so, SS_RCVATMARK);
  tp->t_urgent = urgent::announced;
  sohasoutofband(so);
  return verdict::next;
}

// "Seventh, process the segment text". In-order text is acknowledged within 200 ms, or with the
// second segment or its bytes (RFC 9293, 3.8.6.3); anything else at once (RFC 5681, 4.2).
NET_LOCKED verdict process_text(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  bool fin = (seg.flags & TH_FIN) != 0;
  if ((seg.len == 0 && !fin) || tcps_have_rcvd_fin(tp->t_state)) {
    seg.flags &= uint8_t(~TH_FIN);
    return verdict::next;
  }
  bool in_order = seg.seq == tp->rcv_nxt && tp->t_segq.empty();
  uint32_t unacked = uint32_t(seg.end() - tp->last_ack_sent);
  if (in_order && !(tp->t_flags & TF_DELACK) && !fin && unacked < 2u * tp->t_maxseg)
    tcp_delack(tp);
  else
    tp->t_flags |= TF_ACKNOW;
  bool fin_in_order = tcp_reass(tp, seg.seq, seg.len, fin, std::move(seg.m));
  seg.flags = uint8_t(fin_in_order ? seg.flags | TH_FIN : seg.flags & ~TH_FIN);
  return verdict::next;
}

// "Eighth, check the FIN bit".
NET_LOCKED verdict process_fin(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  if (!(seg.flags & TH_FIN)) return verdict::next;
  tp->t_flags |= TF_ACKNOW;
  tp->rcv_nxt += 1;
  tcp_freeq(tp);  // nothing can follow
  socantrcvmore(seg.so);
  switch (tp->t_state) {
    case tcps::established: tcp_newstate(tp, tcps::close_wait); break;
    case tcps::fin_wait_1: tcp_newstate(tp, tcps::closing); break;
    case tcps::fin_wait_2: tcp_enter_time_wait(tp); break;
    default: bsd_panic("tcp_input: FIN in a state without text");
  }
  return verdict::next;
}

// A retransmitted FIN restarts the wait (RFC 9293, 3.10.7.4: TIME-WAIT).
NET_LOCKED verdict check_time_wait(tcp_segment &seg) {
  bool again = (seg.tp->t_flags & TF_ACKNOW) != 0;
  if (seg.tp->t_state == tcps::time_wait && again) tcp_settimer(seg.tp, TCPT_2MSL, 2 * TCPTV_MSL);
  return verdict::next;
}

// Each in its turn, until one does not say `next`.
template <verdict (*...Steps)(tcp_segment &)>
NET_LOCKED verdict run_steps(tcp_segment &seg) {
  verdict v = verdict::next;
  (void)(((v = Steps(seg)) == verdict::next) && ...);
  return v;
}

constexpr auto synchronised_steps =
    run_steps<check_reset, check_timestamp, check_syn, trim_left, trim_right, check_late_syn, check_orphan,
              check_ack_bit, tcp_ack_input, take_timestamp, check_urgent, process_text, process_fin,
              check_time_wait>;
constexpr auto text_steps = run_steps<check_urgent, process_text, process_fin>;

// The window as we last promised it, or more (volume 2, figure 28.13).
void set_rcv_wnd(tcpcb *tp) {
  uint32_t space = sbspace(tcp_socket(tp)->so_rcv);
  int32_t promised = tp->rcv_adv - tp->rcv_nxt;
  tp->rcv_wnd = promised > 0 ? max_of(space, uint32_t(promised)) : space;
}

NET_LOCKED bool find_connection(tcp_segment &seg) {
  seg.inp = in_pcblookup(seg.st.tcb, seg.src, seg.dst);
  if (seg.inp == nullptr || seg.inp->inp_ppcb == nullptr) return false;
  seg.tp = seg.inp->inp_ppcb;
  seg.so = seg.inp->inp_socket;
  return seg.tp->t_state != tcps::closed;
}

tcp_event event_of(const tcp_segment &seg) {
  bool ack = (seg.flags & TH_ACK) != 0;
  if (seg.flags & TH_RST) return tcp_event::reset;
  if (seg.flags & TH_SYN) return ack ? tcp_event::syn_ack : tcp_event::syn;
  if (!ack) return tcp_event::no_ack;
  if (seg.flags & TH_FIN) return seg.len > 0 ? tcp_event::data_fin : tcp_event::fin;
  if (seg.flags & TH_URG) return tcp_event::urgent;
  return seg.len > 0 ? tcp_event::data : tcp_event::ack;
}

NET_LOCKED verdict segment_arrives(tcp_segment &seg) {
  if (!find_connection(seg)) return verdict::drop_with_reset;
  tcpcb *tp = seg.tp;
  tcp_met(tp, event_of(seg));
  if (tp->t_state == tcps::listen) return tcp_listen_input(seg);
  tp->t_rcvtime = seg.st.now();
  set_rcv_wnd(tp);
  if (!(seg.flags & TH_SYN)) seg.wnd <<= tp->snd_scale;
  verdict v;
  if (tp->t_state == tcps::syn_sent) {
    v = tcp_syn_sent_input(seg);
    if (v == verdict::text) v = text_steps(seg);
  } else {
    v = synchronised_steps(seg);
  }
  if (v == verdict::next && (seg.need_output || (tp->t_flags & TF_ACKNOW) != 0)) (void)tcp_output(tp);
  return v;
}

// RFC 9293, 3.10.7.1. A reset is never answered, nor is a segment that went to many.
NET_LOCKED void respond_with_reset(const tcp_segment &seg) {
  if ((seg.flags & TH_RST) != 0 || seg.group) return;
  if (seg.flags & TH_ACK) return tcp_respond(seg.st, seg.dst, seg.src, seg.ack, {}, TH_RST);
  uint32_t len = seg.len + ((seg.flags & TH_SYN) != 0) + ((seg.flags & TH_FIN) != 0);
  tcp_respond(seg.st, seg.dst, seg.src, {}, seg.seq + len, TH_RST | TH_ACK);
}

}  // namespace

void tcp_input(Stack &st, mbuf_ptr m, const ip &iph) {
  bool group = (m->m_flags & (M_BCAST | M_MCAST)) != 0 || in_broadcast(st, iph.ip_dst);
  tcp_segment seg{.st = st,
                  .m = std::move(m),
                  .src = {iph.ip_src, 0},
                  .dst = {iph.ip_dst, 0},
                  .seq = {},
                  .ack = {},
                  .group = group};
  if (!tcp_parse(seg) || group) return;
  verdict v = segment_arrives(seg);
  for (int i = 0; v == verdict::again && i < 2; ++i) v = segment_arrives(seg);
  if (v == verdict::drop_with_reset) respond_with_reset(seg);
  if (v == verdict::drop_after_ack && !(seg.flags & TH_RST)) {
    seg.tp->t_flags |= TF_ACKNOW;
    (void)tcp_output(seg.tp);
  }
}

}  // namespace kyu
