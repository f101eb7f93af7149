// Congestion control: slow start, congestion avoidance, fast retransmit and fast recovery
// (RFC 5681, RFC 6582 "NewReno").
#include "stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_var.h"

namespace kyu {

namespace {

uint32_t flight_size(const tcpcb *tp) { return uint32_t(tp->snd_max - tp->snd_una); }

void halve_ssthresh(tcpcb *tp) {
  tp->snd_ssthresh = max_of(min_of(flight_size(tp), tp->snd_cwnd) / 2, uint32_t(2 * tp->t_maxseg));
}

// One segment at `ack` goes out again, whatever else is in flight.
void retransmit_first(tcpcb *tp, tcp_seq ack) {
  tcp_seq onxt = tp->snd_nxt;
  uint32_t ocwnd = tp->snd_cwnd;
  tp->snd_nxt = ack;
  tp->snd_cwnd = tp->t_maxseg;
  tp->t_rtttime = 0;
  (void)tcp_output(tp);
  tp->snd_cwnd = ocwnd;
  tp->snd_nxt = seq_max(onxt, tp->snd_nxt);
}

// RFC 6582, 3.2 step 3: a partial ack deflates by what it acked and resends the next hole.
void partial_ack(tcpcb *tp, tcp_seq ack, uint32_t acked) {
  retransmit_first(tp, ack);
  uint32_t left = tp->snd_cwnd - min_of(acked, tp->snd_cwnd);
  tp->snd_cwnd = max_of(left + (acked >= tp->t_maxseg ? tp->t_maxseg : 0u), uint32_t(tp->t_maxseg));
}

void leave_recovery(tcpcb *tp, uint32_t acked) {
  uint32_t flight = flight_size(tp) - min_of(acked, flight_size(tp));
  tp->snd_cwnd = min_of(tp->snd_ssthresh, max_of(flight, uint32_t(tp->t_maxseg)) + tp->t_maxseg);
  tp->t_flags &= uint16_t(~TF_FASTRECOVERY);
  tp->t_dupacks = 0;
}

}  // namespace

// `ack` is new; snd_una has been moved to it, and `acked` bytes went away.
void tcp_cc_ack(tcpcb *tp, tcp_seq ack, uint32_t acked) {
  if (tp->t_flags & TF_FASTRECOVERY) {
    if (seq_geq(ack, tp->snd_recover))
      leave_recovery(tp, 0);
    else
      partial_ack(tp, ack, acked);
    return;
  }
  tp->t_dupacks = 0;
  uint32_t mss = tp->t_maxseg, cw = tp->snd_cwnd;
  uint32_t incr = cw <= tp->snd_ssthresh ? min_of(acked, mss) : max_of(mss * mss / cw, 1u);
  tp->snd_cwnd = min_of(cw + incr, TCP_MAXWIN);
}

void tcp_cc_dupack(tcpcb *tp, tcp_seq ack) {
  if (tp->t_dupacks < 255) ++tp->t_dupacks;
  if (tp->t_flags & TF_FASTRECOVERY) {
    tp->snd_cwnd = min_of(tp->snd_cwnd + tp->t_maxseg, TCP_MAXWIN);
    (void)tcp_output(tp);
    return;
  }
  if (tp->t_dupacks != tcprexmtthresh) return;
  if (seq_lt(ack, tp->snd_recover)) return;  // the same loss again (RFC 6582, 3.2 step 2)
  ++tcp_stack(tp).tcp_stat.tcps_fastrexmt;
  halve_ssthresh(tp);
  tp->snd_recover = tp->snd_max;
  tp->t_flags |= TF_FASTRECOVERY;
  tcp_stoptimer(tp, TCPT_REXMT);
  retransmit_first(tp, ack);
  tp->snd_cwnd = tp->snd_ssthresh + uint32_t(tcprexmtthresh) * tp->t_maxseg;
}

void tcp_cc_timeout(tcpcb *tp) {
  if (tp->t_rxtshift == 1) halve_ssthresh(tp);
  tp->snd_cwnd = tp->t_maxseg;
  tp->snd_recover = tp->snd_max;
  tp->t_dupacks = 0;
  tp->t_flags &= uint16_t(~TF_FASTRECOVERY);
}

}  // namespace kyu
