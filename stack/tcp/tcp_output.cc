// What to send, and when (BSD: netinet/tcp_output.c; volume 2, chapter 26). plan() decides on one segment
// from the state alone; tcp_emit() builds it and accounts for it.
#include "stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_emit.h"

namespace kyu {

namespace {

bool window_update_due(const tcpcb *tp, uint32_t recwin) {
  const sockbuf &sb = tcp_socket(tp)->so_rcv;
  int32_t gain = int32_t(recwin) - (tp->rcv_adv - tp->rcv_nxt);
  if (gain <= 0 || !tcps_have_rcvd_syn(tp->t_state) || tcps_have_rcvd_fin(tp->t_state)) return false;
  // A SYN cannot say a window beyond 64 KiB; the next ACK will, and before data nobody waits for it.
  if (tp->rcv_nxt == tp->irs + 1) return false;
  // Two segments, where that is much of the buffer; a large one need not tell of each read.
  int32_t hiwat = int32_t(sb.sb_hiwat), mss = tp->t_maxseg;
  bool tight = 4 * gain >= hiwat || int32_t(recwin) <= hiwat / 8 || hiwat <= 8 * mss;
  return (gain >= 2 * mss && tight) || 2 * gain >= hiwat;
}

// Sender's silly window avoidance and Nagle (RFC 9293, 3.8.6.2.1 and 3.7.4).
bool data_due(const tcpcb *tp, const tcp_outgoing &o, uint32_t full, bool idle) {
  if (o.len == 0) return false;
  const sockbuf &sb = tcp_socket(tp)->so_snd;
  if (o.len == full || (tp->t_flags & TF_FORCE) != 0) return true;
  bool now = (idle || (tp->t_flags & TF_NODELAY) != 0) && !(tp->t_flags & TF_MORETOCOME);
  if (now && o.off + o.len >= sb.sb_cc) return true;
  if (tp->max_sndwnd > 0 && o.len >= tp->max_sndwnd / 2) return true;
  return seq_lt(tp->snd_nxt, tp->snd_max);
}

bool fin_due(const tcpcb *tp, uint8_t flags) {
  return (flags & TH_FIN) != 0 && (!(tp->t_flags & TF_SENTFIN) || tp->snd_nxt == tp->snd_una);
}

bool in_sack_recovery(const tcpcb *tp) {
  return (tp->t_flags & TF_SACK) != 0 && (tp->t_flags & TF_FASTRECOVERY) != 0;
}

// What congestion control allows, from snd_una on. In a recovery with SACK it limits what is in the
// network, not what is not acknowledged yet (RFC 6675, section 5).
uint32_t congestion_window(const tcpcb *tp) {
  if (!in_sack_recovery(tp)) return tp->snd_cwnd;
  uint32_t pipe = tcp_sack_pipe(tp), room = tp->snd_cwnd > pipe ? tp->snd_cwnd - pipe : 0;
  return uint32_t(tp->snd_nxt - tp->snd_una) + room / tp->t_maxseg * tp->t_maxseg;
}

// The usable window; a forced byte goes into a closed one.
uint32_t window_to_use(tcpcb *tp, uint8_t *flags) {
  uint32_t win = min_of(tp->snd_wnd, congestion_window(tp));
  if (!(tp->t_flags & TF_FORCE)) return win;
  if (tp->snd_wnd == 0) {
    if (uint32_t(tp->snd_nxt - tp->snd_una) < tcp_socket(tp)->so_snd.sb_cc) *flags &= uint8_t(~TH_FIN);
    return 1;
  }
  // Then it counted probes; urgent data leaves the backoff of a retransmission alone.
  if (tp->t_timer[TCPT_PERSIST] != 0) tp->t_rxtshift = 0;
  tcp_stoptimer(tp, TCPT_PERSIST);
  return win;
}

NET_LOCKED tcp_outgoing plan(tcpcb *tp, bool idle) {
  const sockbuf &sb = tcp_socket(tp)->so_snd;
  tcp_outgoing o;
  o.flags = tcp_outflags(tp->t_state);
  if ((o.flags & TH_SYN) != 0) {
    o.send = tp->snd_nxt == tp->iss || (tp->t_flags & TF_ACKNOW) != 0;
    if (tp->snd_nxt != tp->iss) o.flags &= uint8_t(~TH_SYN);
    o.recwin = tcp_window_to_offer(tp, (o.flags & TH_SYN) != 0);
    return o;
  }
  if (seq_lt(tp->snd_nxt, tp->snd_max)) tp->snd_nxt = tcp_sack_skip(tp, tp->snd_nxt);
  uint32_t win = window_to_use(tp, &o.flags);
  uint32_t in_flight = uint32_t(tp->snd_nxt - tp->snd_una);
  if (tp->snd_wnd == 0 && in_flight > win && sb.sb_cc > 0) {
    // The window closed behind data in flight: start again from its left edge, by probes. What was
    // lost is then no matter any more.
    tcp_stoptimer(tp, TCPT_REXMT);
    tcp_cc_abandon(tp);
    tp->snd_nxt = tp->snd_una;
    in_flight = 0;
  }
  uint32_t sendable = min_of(sb.sb_cc, win);
  o.off = min_of(in_flight, sb.sb_cc);
  o.len = sendable > o.off ? sendable - o.off : 0;
  uint32_t full = tcp_full_segment(tp), limit = min_of(full, tcp_sack_gap(tp, tp->snd_nxt));
  if (o.len > limit) {
    o.len = limit;
    o.more = true;
  }
  // An ACK takes no FIN along that has left before: its receiver may have to answer that, by one of its own.
  bool fin_left = (tp->t_flags & TF_SENTFIN) != 0 && tp->snd_nxt == tp->snd_max;
  if (o.off + o.len < sb.sb_cc || fin_left) o.flags &= uint8_t(~TH_FIN);
  o.recwin = tcp_window_to_offer(tp, false);
  o.send = data_due(tp, o, full, idle) || window_update_due(tp, o.recwin) || (tp->t_flags & TF_ACKNOW) != 0 ||
           fin_due(tp, o.flags);
  // Data stays behind and nothing will call for it: also where an ACK leaves now.
  bool data_leaves = o.send && o.len > 0;
  if (!data_leaves && sb.sb_cc > 0 && tp->t_timer[TCPT_REXMT] == 0 && tp->t_timer[TCPT_PERSIST] == 0) {
    tp->t_rxtshift = 0;
    tcp_setpersist(tp);
  }
  return o;
}

NET_LOCKED void send_new(tcpcb *tp, bool idle) {
  for (bool more = true; more;) {
    tcp_outgoing o = plan(tp, idle);
    if (!o.send) return;
    more = o.more;
    err e = tcp_emit(tp, o);
    if (e == err::msgsize && tcp_fit_mtu(tp)) {
      tp->snd_nxt = tp->snd_una;  // another connection learned that the path takes less
      more = true;
      continue;
    }
    if (e == err::hostunreach || e == err::netunreach) tp->t_softerror = e;
    if (e != err::ok) return;
  }
}

// What is known to be lost goes first, then new data, then what may be lost (RFC 6675, NextSeg).
NET_LOCKED void resend_by_scoreboard(tcpcb *tp, bool only_lost) {
  sack_block what;
  while (tcp_sack_pipe(tp) + tp->t_maxseg <= tp->snd_cwnd &&
         tcp_sack_next(tp, only_lost, tcp_full_segment(tp), &what))
    tcp_resend(tp, what.start, uint32_t(what.end - what.start));
}

}  // namespace

// Loss on the way out (a full ring, no mbuf) is loss on the wire: the timers handle it, and the
// user hears of it only when they give up. Not so a peer that cannot be reached at all.
err tcp_output(tcpcb *tp) {
  KASSERT(tp->t_state != tcps::closed && tp->t_state != tcps::listen, "tcp_output: no connection");
  bool idle = tp->snd_max == tp->snd_una;
  if (idle && tp->t_sndtime != 0 && tcp_stack(tp).now() - tp->t_sndtime >= tp->t_rxtcur)
    tp->snd_cwnd = min_of(tp->snd_cwnd, tcp_initial_window(tp));  // RFC 5681, 4.1
  bool by_scoreboard = in_sack_recovery(tp);
  if (by_scoreboard) resend_by_scoreboard(tp, true);
  send_new(tp, idle);
  if (by_scoreboard) resend_by_scoreboard(tp, false);
  return err::ok;
}

void tcp_setpersist(tcpcb *tp) {
  KASSERT(tp->t_timer[TCPT_REXMT] == 0, "tcp_setpersist: retransmission armed");
  uint32_t ms = tcp_rexmtval(tp) << min_of(tp->t_rxtshift, uint8_t(6));
  tcp_settimer(tp, TCPT_PERSIST, min_of(max_of(ms, TCPTV_PERSMIN), TCPTV_PERSMAX));
  if (tp->t_rxtshift < TCP_MAXRXTSHIFT) ++tp->t_rxtshift;
}

}  // namespace kyu
