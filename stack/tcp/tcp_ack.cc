// "Fifth, check the ACK field" (RFC 9293, 3.10.7.4; volume 2, section 29.2 ff.).
#include "stack.h"
#include "tcp/tcp_segment.h"

namespace kyu {

namespace {

// RFC 5681, section 2: the definition of a duplicate ACK.
// With SACK, an ACK that tells of more bytes that left the network (RFC 6675, section 2).
bool is_dupack(const tcp_segment &seg) {
  const tcpcb *tp = seg.tp;
  if (tp->t_flags & TF_SACK) return seg.new_sack;
  return seg.ack == tp->snd_una && seg.bare && seg.wnd == tp->snd_wnd && tp->snd_max != tp->snd_una &&
         tp->snd_wnd != 0;
}

// As the RFC has it, and other than BSD, also a window that shrinks without anything new beside it, and
// before anything is sent because of the ACK: new data may not follow by the old one (RFC 9293, SHLD-15).
void take_window(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  bool newer = seq_lt(tp->snd_wl1, seg.seq) || (tp->snd_wl1 == seg.seq && seq_leq(tp->snd_wl2, seg.ack));
  if (!newer || seq_lt(seg.ack, tp->snd_una)) return;
  seg.need_output = seg.need_output || tp->snd_wnd != seg.wnd;
  tp->snd_wnd = seg.wnd;
  if (tp->snd_wnd > 0) tp->t_persists = 0;
  tp->snd_wl1 = seg.seq;
  tp->snd_wl2 = seg.ack;
  tp->max_sndwnd = max_of(tp->max_sndwnd, tp->snd_wnd);
}

// Takes acknowledged bytes out of the send buffer. True: our FIN is acknowledged too.
NET_LOCKED bool take_acked(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  sockbuf &sb = seg.so->so_snd;
  uint32_t acked = uint32_t(seg.ack - tp->snd_una);
  bool syn = tp->snd_una == tp->iss;
  bool fin = (tp->t_flags & TF_SENTFIN) != 0 && seg.ack == tp->snd_max;
  uint32_t data = acked - (syn ? 1 : 0) - (fin ? 1 : 0);
  KASSERT(data <= sb.sb_cc, "tcp_ack: more acknowledged than was sent");
  tp->snd_wnd -= min_of(data, tp->snd_wnd);
  sbdrop(sb, data);
  tp->snd_una = seg.ack;
  tp->snd_nxt = seq_max(tp->snd_nxt, tp->snd_una);
  tcp_sack_prune(tp);
  take_window(seg);
  if (acked > 1 || !syn) tcp_cc_ack(tp, seg.ack, acked - (syn ? 1 : 0));  // not for a SYN (RFC 5681, 3.1)
  if (sb.sb_cc < sb.sb_hiwat) sowwakeup(seg.so);
  return fin;
}

NET_LOCKED void measure_and_rearm(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  tp->t_rxtshift = 0;
  tp->t_progress = seg.st.now();
  tcp_measure(seg);
  seg.need_output = true;  // the congestion window opens, also where the peer's stays where it is
  if (seg.ack == tp->snd_max) {
    tcp_stoptimer(tp, TCPT_REXMT);
  } else if (tp->t_timer[TCPT_PERSIST] == 0) {
    tcp_settimer(tp, TCPT_REXMT, tp->t_rxtcur);
  }
}

}  // namespace

// One measurement in each round trip. With time stamps it is right also for what was sent twice
// (RFC 7323, 4.1); an echo older than what is being timed cannot make it longer.
void tcp_measure(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  if (tp->t_rtttime == 0 || !seq_gt(seg.ack, tp->t_rtseq)) return;
  uint32_t rtt = uint32_t(seg.st.now() - tp->t_rtttime);
  if (tp->t_flags & TF_TSTMP) {
    if (!seg.opt.has_ts) return;
    rtt = min_of(tcp_ts_now(tp) - seg.opt.tsecr, rtt);
  }
  tcp_xmit_timer(tp, rtt);
}

namespace {

// States that our FIN's acknowledgment moves on.
NET_LOCKED verdict our_fin_is_acked(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  switch (tp->t_state) {
    case tcps::fin_wait_1:
      // A user that is gone cannot wait for the peer's FIN for ever (RFC 9293, 3.10.4; BSD: 10 min).
      if (seg.so->so_state & SS_CANTRCVMORE) {
        soisdisconnected(seg.so);
        tcp_settimer(tp, TCPT_2MSL, tcp_maxidle);
      }
      tcp_newstate(tp, tcps::fin_wait_2);
      return verdict::next;
    case tcps::closing: tcp_enter_time_wait(tp); return verdict::next;
    case tcps::last_ack: tcpcb_close(tp); return verdict::drop;
    default: return verdict::next;
  }
}

}  // namespace

void tcp_enter_time_wait(tcpcb *tp) {
  tcp_newstate(tp, tcps::time_wait);
  tcp_canceltimers(tp);
  tcp_settimer(tp, TCPT_2MSL, 2 * TCPTV_MSL);
  soisdisconnected(tcp_socket(tp));
}

verdict tcp_ack_input(tcp_segment &seg) {
  tcpcb *tp = seg.tp;
  if (tp->t_state == tcps::syn_received) {
    bool acceptable = seq_gt(seg.ack, tp->snd_una) && seq_leq(seg.ack, tp->snd_max);
    if (!acceptable && !tcp_adopt_cookie(seg)) {
      if (tp->t_flags & TF_ACKNOW) return verdict::drop_after_ack;  // an old duplicate
      return seg.stale ? verdict::drop : verdict::drop_with_reset;
    }
    ++seg.st.tcp_stat.tcps_connects;
    tcp_established(tp);
  }
  if (seq_gt(seg.ack, tp->snd_max)) {
    bool brings = seg.len > 0 || (seg.flags & TH_FIN) != 0 || (tp->t_flags & TF_ACKNOW) != 0;
    if (brings) return verdict::drop_after_ack;
    tcp_challenge_ack(tp);
    return verdict::drop;
  }
  // RFC 5961, 5.2: an old ACK below what a window could explain.
  if (seq_lt(seg.ack, tp->snd_una - tp->max_sndwnd)) {
    tcp_challenge_ack(tp);
    return verdict::drop;
  }
  if (tp->t_flags & TF_SACK) seg.new_sack = tcp_sack_update(tp, seg.opt);
  if (seq_leq(seg.ack, tp->snd_una)) {
    bool dupack = is_dupack(seg);
    take_window(seg);
    if (dupack)
      tcp_cc_dupack(tp, seg.ack);
    else if (!(tp->t_flags & TF_FASTRECOVERY))
      tp->t_dupacks = 0;
    return verdict::next;
  }
  if (tp->t_state == tcps::time_wait) return verdict::next;
  measure_and_rearm(seg);
  return take_acked(seg) ? our_fin_is_acked(seg) : verdict::next;
}

}  // namespace kyu
