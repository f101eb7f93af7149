// The timers (BSD: netinet/tcp_timer.c; volume 2, chapter 25). A timer is a time in ms, looked at
// by the slow timer every 500 ms: it never fires early. Connections with nothing timed are not on
// the queue and cost nothing.
#include "stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_var.h"

namespace kyu {

namespace {

bool anything_timed(const tcpcb *tp) {
  if (tp->t_flags & TF_DELACK) return true;
  for (uint64_t t : tp->t_timer)
    if (t != 0) return true;
  return false;
}

NET_LOCKED void enqueue(tcpcb *tp) {
  if (!tp->t_timerq.linked()) tcp_stack(tp).tcp_timerq.insert_tail(tp);
}

// Each handler returns false when the connection is gone.
NET_LOCKED bool timeout_2msl(tcpcb *tp, uint64_t now) {
  if (tp->t_state != tcps::time_wait && now - tp->t_rcvtime <= tcp_maxidle) {
    tcp_settimer(tp, TCPT_2MSL, TCPTV_KEEPINTVL);
    return true;
  }
  tcpcb_close(tp);
  return false;
}

// The user's own limit (RFC 9293, MUST-21; RFC 5482).
bool out_of_patience(const tcpcb *tp, uint64_t now, uint64_t since) {
  return tp->t_usertimeo != 0 && now - since >= tp->t_usertimeo;
}

NET_LOCKED bool timeout_rexmt(tcpcb *tp, uint64_t now) {
  if (++tp->t_rxtshift > TCP_MAXRXTSHIFT || out_of_patience(tp, now, tp->t_progress)) {
    tp->t_rxtshift = min_of(tp->t_rxtshift, TCP_MAXRXTSHIFT);
    tcp_drop(tp, err::timedout);
    return false;
  }
  ++tcp_stack(tp).tcp_stat.tcps_rexmttimeo;
  tp->t_rxtcur = min_of(2 * tp->t_rxtcur, TCPTV_REXMTMAX);  // until something is measured (RFC 6298, 5)
  tcp_settimer(tp, TCPT_REXMT, tp->t_rxtcur);
  if (tp->t_rxtshift > TCP_MAXRXTSHIFT / 4) {
    // The estimate is no good any more (volume 2, 25.11): measure anew when acks come back.
    tp->t_rttvar += tp->t_srtt >> 3;
    tp->t_srtt = 0;
  }
  tp->snd_nxt = tp->snd_una;
  if (!(tp->t_flags & TF_TSTMP)) tp->t_rtttime = 0;  // Karn
  tcp_cc_timeout(tp);
  (void)tcp_output(tp);
  return true;
}

// A peer that answers probes may keep its window closed for as long as a user holds the connection
// (RFC 9293, 3.8.6.1). One that does not answer, or that nobody holds any more, is dropped; it may
// not buy time by taking the byte of each probe (RFC 6429).
NET_LOCKED bool timeout_persist(tcpcb *tp, uint64_t now) {
  ++tcp_stack(tp).tcp_stat.tcps_persisttimeo;
  bool orphan = (tcp_socket(tp)->so_state & SS_NOFDREF) != 0;
  bool silent = tp->t_rxtshift == TCP_MAXRXTSHIFT && now - tp->t_rcvtime >= tcp_maxidle;
  silent = silent || out_of_patience(tp, now, tp->t_rcvtime);
  if (silent || (orphan && ++tp->t_persists > TCP_MAXRXTSHIFT)) {
    tcp_drop(tp, err::timedout);
    return false;
  }
  tcp_setpersist(tp);
  tp->t_flags |= TF_FORCE;
  (void)tcp_output(tp);
  tp->t_flags &= uint16_t(~TF_FORCE);
  return true;
}

// Before ESTABLISHED: the attempt has taken too long. Afterwards: a keepalive.
NET_LOCKED bool timeout_keep(tcpcb *tp, uint64_t now) {
  socket *so = tcp_socket(tp);
  if (tp->t_state < tcps::established) {
    tcp_drop(tp, err::timedout);
    return false;
  }
  if (!(so->so_options & SO_KEEPALIVE) || tp->t_state > tcps::close_wait) return true;
  uint64_t idle = now - tp->t_rcvtime;
  // What is on its way asks the peer as well, and its own time-outs give it up (RFC 9293, 3.8.4, MUST-26).
  bool outstanding = tp->snd_max != tp->snd_una;
  if (outstanding || idle < tp->t_keepidle) {
    tcp_settimer(tp, TCPT_KEEP, outstanding ? tp->t_keepidle : uint32_t(tp->t_keepidle - idle));
    return true;
  }
  if (idle >= tp->t_keepidle + uint64_t(TCP_KEEPCNT) * tp->t_keepintvl) {
    tcp_drop(tp, err::timedout);
    return false;
  }
  ++tcp_stack(tp).tcp_stat.tcps_keepprobe;
  tcp_keepalive(tp);
  tcp_settimer(tp, TCPT_KEEP, tp->t_keepintvl);
  return true;
}

constexpr tcp_event event_of(tcp_timer which) {
  switch (which) {
    case TCPT_2MSL: return tcp_event::two_msl;
    case TCPT_REXMT: return tcp_event::rexmt;
    case TCPT_PERSIST: return tcp_event::persist;
    case TCPT_KEEP: break;
  }
  return tcp_event::keep;
}

NET_LOCKED bool tcp_timers(tcpcb *tp, tcp_timer which, uint64_t now) {
  tcp_met(tp, event_of(which));
  switch (which) {
    case TCPT_2MSL: return timeout_2msl(tp, now);
    case TCPT_REXMT: return timeout_rexmt(tp, now);
    case TCPT_PERSIST: return timeout_persist(tp, now);
    case TCPT_KEEP: return timeout_keep(tp, now);
  }
  return true;
}

NET_LOCKED void expire(tcpcb *tp, uint64_t now) {
  for (int i = 0; i < TCPT_NTIMERS; ++i) {
    if (tp->t_timer[i] == 0 || tp->t_timer[i] > now) continue;
    tp->t_timer[i] = 0;
    if (!tcp_timers(tp, tcp_timer(i), now)) return;
  }
  if (!anything_timed(tp)) tcp_stack(tp).tcp_timerq.remove(tp);
}

}  // namespace

void tcp_settimer(tcpcb *tp, tcp_timer which, uint32_t ms) {
  tp->t_timer[which] = tcp_stack(tp).now() + max_of(ms, uint32_t(1));
  enqueue(tp);
}

void tcp_stoptimer(tcpcb *tp, tcp_timer which) { tp->t_timer[which] = 0; }

void tcp_delack(tcpcb *tp) {
  tp->t_flags |= TF_DELACK;
  enqueue(tp);
}

void tcp_canceltimers(tcpcb *tp) {
  for (uint64_t &t : tp->t_timer) t = 0;
  if (tp->t_timerq.linked()) tcp_stack(tp).tcp_timerq.remove(tp);
}

// RFC 6298, 2.3: RTO = SRTT + max(G, 4 * RTTVAR), with G the slow timer's grain.
uint32_t tcp_rexmtval(const tcpcb *tp) {
  if (tp->t_srtt == 0 && tp->t_rttvar == 0) return TCPTV_MIN;
  uint32_t rto = (tp->t_srtt >> 3) + max_of(tp->t_rttvar, Stack::slow_ms);
  return min_of(max_of(rto, TCPTV_MIN), TCPTV_REXMTMAX);
}

void tcp_xmit_timer(tcpcb *tp, uint32_t rtt) {
  rtt = min_of(rtt, TCPTV_REXMTMAX);  // a longer one leads to no other time-out, and would not fit below
  if (tp->t_srtt == 0) {
    tp->t_srtt = max_of(rtt << 3, 1u);
    tp->t_rttvar = rtt << 1;
  } else {
    int32_t delta = int32_t(rtt) - int32_t(tp->t_srtt >> 3);
    tp->t_srtt = uint32_t(max_of(int32_t(tp->t_srtt) + delta, 1));
    uint32_t abs = uint32_t(delta < 0 ? -delta : delta);
    tp->t_rttvar = uint32_t(max_of(int32_t(tp->t_rttvar) + int32_t(abs) - int32_t(tp->t_rttvar >> 2), 1));
  }
  KASSERT(tp->t_srtt <= TCPTV_REXMTMAX << 3, "tcp_xmit_timer: longer than the longest time-out");
  tp->t_rtttime = 0;
  tp->t_rxtshift = 0;
  tp->t_rxtcur = tcp_rexmtval(tp);
  tp->t_softerror = err::ok;
}

void tcp_fasttimo(Stack &st) {
  for (tcpcb *tp = st.tcp_timerq.first(), *next; tp != nullptr; tp = next) {
    next = tp->t_timerq.next;
    if (!(tp->t_flags & TF_DELACK)) continue;
    tp->t_flags = uint16_t((tp->t_flags & ~TF_DELACK) | TF_ACKNOW);
    ++st.tcp_stat.tcps_delack;
    tcp_met(tp, tcp_event::delack);
    (void)tcp_output(tp);
    if (!anything_timed(tp)) st.tcp_timerq.remove(tp);
  }
}

void tcp_slowtimo(Stack &st) {
  uint64_t now = st.now();
  for (tcpcb *tp = st.tcp_timerq.first(), *next; tp != nullptr; tp = next) {
    next = tp->t_timerq.next;
    expire(tp, now);
  }
}

uint64_t tcp_next_slow_due(const Stack &st) {
  uint64_t due = UINT64_MAX;
  for (const tcpcb *tp = st.tcp_timerq.first(); tp != nullptr; tp = tp->t_timerq.next)
    for (uint64_t t : tp->t_timer)
      if (t != 0) due = min_of(due, t);
  return due;
}

bool tcp_delack_pending(const Stack &st) {
  for (const tcpcb *tp = st.tcp_timerq.first(); tp != nullptr; tp = tp->t_timerq.next)
    if (tp->t_flags & TF_DELACK) return true;
  return false;
}

}  // namespace kyu
