// Congestion control: slow start, congestion avoidance, limited transmit, fast retransmit and fast
// recovery (RFC 5681, RFC 3042, RFC 3465; RFC 6582 "NewReno", or RFC 6675 where the peer reports).
#include "stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_var.h"

namespace kyu {

namespace {

uint32_t flight_size(const tcpcb *tp) { return uint32_t(tp->snd_max - tp->snd_una); }

void halve_ssthresh(tcpcb *tp) {
  tp->snd_ssthresh = max_of(min_of(flight_size(tp), tp->snd_cwnd) / 2, uint32_t(2 * tp->t_maxseg));
}

uint32_t max_cwnd(const tcpcb *tp) { return TCP_MAXWIN << tp->snd_scale; }

// The first segment that is not acknowledged goes out again, whatever else is in flight.
NET_LOCKED void retransmit_first(tcpcb *tp) {
  if (!(tp->t_flags & TF_TSTMP)) tp->t_rtttime = 0;  // Karn
  tcp_resend(tp, tp->snd_una, tp->t_maxseg);
}

// RFC 6582, 3.2 step 3: a partial ack deflates by what it acked and resends the next hole. With a
// scoreboard tcp_output() knows the holes.
NET_LOCKED void partial_ack(tcpcb *tp, uint32_t acked) {
  if (tp->t_flags & TF_SACK) return;
  retransmit_first(tp);
  uint32_t left = tp->snd_cwnd - min_of(acked, tp->snd_cwnd);
  tp->snd_cwnd = max_of(left + (acked >= tp->t_maxseg ? tp->t_maxseg : 0u), uint32_t(tp->t_maxseg));
}

void leave_recovery(tcpcb *tp) {
  tp->snd_cwnd = min_of(tp->snd_ssthresh, max_of(flight_size(tp), uint32_t(tp->t_maxseg)) + tp->t_maxseg);
  tp->t_flags &= uint16_t(~TF_FASTRECOVERY);
  tp->t_dupacks = 0;
}

NET_LOCKED void enter_recovery(tcpcb *tp) {
  ++tcp_stack(tp).tcp_stat.tcps_fastrexmt;
  halve_ssthresh(tp);
  tp->snd_recover = tp->snd_max;
  tp->t_flags |= TF_FASTRECOVERY;
  tp->t_scoreboard.high_rxt = tp->snd_una;
  tp->t_scoreboard.rescue_rxt = tp->snd_una;
  tcp_stoptimer(tp, TCPT_REXMT);
  if (tp->t_flags & TF_SACK) {
    tp->snd_cwnd = tp->snd_ssthresh;
    sack_block first;
    if (tcp_sack_next(tp, false, tcp_full_segment(tp), &first))
      tcp_resend(tp, first.start, uint32_t(first.end - first.start));
    (void)tcp_output(tp);
  } else {
    retransmit_first(tp);
    tp->snd_cwnd = tp->snd_ssthresh + uint32_t(tcprexmtthresh) * tp->t_maxseg;
  }
}

// RFC 3042: each of the first two duplicates lets a segment of new data go.
NET_LOCKED void limited_transmit(tcpcb *tp) {
  uint32_t ocwnd = tp->snd_cwnd;
  tp->snd_cwnd += tp->t_dupacks * uint32_t(tp->t_maxseg);
  (void)tcp_output(tp);
  tp->snd_cwnd = ocwnd;
}

}  // namespace

void tcp_cc_ack(tcpcb *tp, tcp_seq ack, uint32_t acked) {
  if (tp->t_flags & TF_FASTRECOVERY) {
    if (seq_geq(ack, tp->snd_recover))
      leave_recovery(tp);
    else
      partial_ack(tp, acked);
    return;
  }
  tp->t_dupacks = 0;
  tp->snd_recover = seq_max(tp->snd_recover, ack);  // drag it along, so that it stays comparable
  uint32_t mss = tp->t_maxseg, cw = tp->snd_cwnd;
  // RFC 3465 with L = 2: in slow start an ACK of two segments counts for two.
  uint32_t incr = cw < tp->snd_ssthresh ? min_of(acked, 2 * mss) : max_of(mss * mss / cw, 1u);
  tp->snd_cwnd = min_of(cw + incr, max_cwnd(tp));
}

void tcp_cc_dupack(tcpcb *tp, tcp_seq ack) {
  if (tp->t_dupacks < 255) ++tp->t_dupacks;
  bool by_scoreboard = (tp->t_flags & TF_SACK) != 0;
  if (tp->t_flags & TF_FASTRECOVERY) {
    if (!by_scoreboard) tp->snd_cwnd = min_of(tp->snd_cwnd + tp->t_maxseg, max_cwnd(tp));
    (void)tcp_output(tp);
    return;
  }
  if (seq_lt(ack, tp->snd_recover)) return;  // the same loss again (RFC 6582, 3.2 step 2)
  bool lost = tp->t_dupacks >= tcprexmtthresh || (by_scoreboard && tcp_sack_first_lost(tp));
  if (lost)
    enter_recovery(tp);
  else
    limited_transmit(tp);
}

void tcp_cc_timeout(tcpcb *tp) {
  if (tp->t_rxtshift == 1) halve_ssthresh(tp);
  tcp_cc_abandon(tp);
  tp->snd_cwnd = tp->t_maxseg;
  tp->snd_recover = tp->snd_max;
}

// What duplicates have added to the window goes, as at any end of a recovery. The scoreboard goes too: the
// peer may have dropped what it reported (RFC 2018, section 8).
void tcp_cc_abandon(tcpcb *tp) {
  if (tp->t_flags & TF_FASTRECOVERY) leave_recovery(tp);
  tp->t_dupacks = 0;
  tp->t_scoreboard.n = 0;
}

}  // namespace kyu
