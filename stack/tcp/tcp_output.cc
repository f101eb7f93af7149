// What to send, and sending it (BSD: netinet/tcp_output.c; volume 2, chapter 26). plan() decides
// on one segment from the state alone; emit() builds it and accounts for it.
#include "ip/in_cksum.h"
#include "ip/ip_var.h"
#include "stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_var.h"

namespace kyu {

namespace {

struct outgoing {
  uint32_t off = 0;  // of the data, from snd_una
  uint32_t len = 0;  // of the data
  uint8_t flags = 0;
  uint32_t recwin = 0;
  bool send = false;
  bool more = false;  // another full segment may follow
};

uint8_t outflags(tcps state) {
  switch (state) {
    case tcps::syn_sent: return TH_SYN;
    case tcps::syn_received: return TH_SYN | TH_ACK;
    case tcps::fin_wait_1:
    case tcps::closing:
    case tcps::last_ack: return TH_FIN | TH_ACK;
    case tcps::closed:
    case tcps::listen: return 0;
    case tcps::established:
    case tcps::close_wait:
    case tcps::fin_wait_2:
    case tcps::time_wait: return TH_ACK;
  }
  return 0;
}

// Receiver's silly window avoidance (RFC 9293, 3.8.6.2.2), and a window that never shrinks.
uint32_t window_to_offer(const tcpcb *tp) {
  const sockbuf &sb = tcp_socket(tp)->so_rcv;
  uint32_t win = sbspace(sb);
  if (win < sb.sb_hiwat / 4 && win < tp->t_maxseg) win = 0;
  win = min_of(win, TCP_MAXWIN);
  int32_t promised = tp->rcv_adv - tp->rcv_nxt;
  return promised > 0 ? max_of(win, uint32_t(promised)) : win;
}

bool window_update_due(const tcpcb *tp, uint32_t recwin) {
  const sockbuf &sb = tcp_socket(tp)->so_rcv;
  int32_t gain = int32_t(recwin) - (tp->rcv_adv - tp->rcv_nxt);
  if (gain <= 0 || !tcps_have_rcvd_syn(tp->t_state) || tcps_have_rcvd_fin(tp->t_state)) return false;
  return gain >= 2 * int32_t(tp->t_maxseg) || 2 * gain >= int32_t(sb.sb_hiwat);
}

// Sender's silly window avoidance and Nagle (RFC 9293, 3.8.6.2.1 and 3.7.4).
bool data_due(const tcpcb *tp, const outgoing &o, bool idle) {
  if (o.len == 0) return false;
  const sockbuf &sb = tcp_socket(tp)->so_snd;
  if (o.len == tp->t_maxseg || (tp->t_flags & TF_FORCE) != 0) return true;
  if ((idle || (tp->t_flags & TF_NODELAY) != 0) && o.off + o.len >= sb.sb_cc) return true;
  if (tp->max_sndwnd > 0 && o.len >= tp->max_sndwnd / 2) return true;
  return seq_lt(tp->snd_nxt, tp->snd_max);
}

bool fin_due(const tcpcb *tp, uint8_t flags) {
  return (flags & TH_FIN) != 0 && (!(tp->t_flags & TF_SENTFIN) || tp->snd_nxt == tp->snd_una);
}

// The usable window; a forced byte goes into a closed one.
uint32_t window_to_use(tcpcb *tp, uint8_t *flags) {
  uint32_t win = min_of(tp->snd_wnd, tp->snd_cwnd);
  if (!(tp->t_flags & TF_FORCE)) return win;
  if (win == 0) {
    if (uint32_t(tp->snd_nxt - tp->snd_una) < tcp_socket(tp)->so_snd.sb_cc) *flags &= uint8_t(~TH_FIN);
    return 1;
  }
  tcp_stoptimer(tp, TCPT_PERSIST);
  tp->t_rxtshift = 0;
  return win;
}

outgoing plan(tcpcb *tp, bool idle) {
  const sockbuf &sb = tcp_socket(tp)->so_snd;
  outgoing o;
  o.flags = outflags(tp->t_state);
  if ((o.flags & TH_SYN) != 0) {
    o.send = tp->snd_nxt == tp->iss || (tp->t_flags & TF_ACKNOW) != 0;
    if (tp->snd_nxt != tp->iss) o.flags &= uint8_t(~TH_SYN);
    o.recwin = window_to_offer(tp);
    return o;
  }
  uint32_t win = window_to_use(tp, &o.flags);
  uint32_t in_flight = uint32_t(tp->snd_nxt - tp->snd_una);
  if (in_flight > min_of(sb.sb_cc, win) && win == 0 && sb.sb_cc > 0) {
    // The window closed behind data in flight: start again from its left edge, by probes.
    tcp_stoptimer(tp, TCPT_REXMT);
    tp->snd_nxt = tp->snd_una;
    in_flight = 0;
  }
  uint32_t sendable = min_of(sb.sb_cc, win);
  o.off = min_of(in_flight, sb.sb_cc);
  o.len = sendable > o.off ? sendable - o.off : 0;
  if (o.len > tp->t_maxseg) {
    o.len = tp->t_maxseg;
    o.more = true;
  }
  if (o.off + o.len < sb.sb_cc) o.flags &= uint8_t(~TH_FIN);
  o.recwin = window_to_offer(tp);
  o.send = data_due(tp, o, idle) || window_update_due(tp, o.recwin) || (tp->t_flags & TF_ACKNOW) != 0 ||
           fin_due(tp, o.flags);
  // Data stays behind and nothing will call for it: also where an ACK leaves now.
  bool data_leaves = o.send && o.len > 0;
  if (!data_leaves && sb.sb_cc > 0 && tp->t_timer[TCPT_REXMT] == 0 && tp->t_timer[TCPT_PERSIST] == 0) {
    tp->t_rxtshift = 0;
    tcp_setpersist(tp);
  }
  return o;
}

// A bare ACK has the highest number that was ever sent: at snd_nxt, which a time-out moves back, the
// peer would find it left of its window.
tcp_seq seq_of(const tcpcb *tp, const outgoing &o) {
  bool bare = o.len == 0 && (o.flags & (TH_SYN | TH_FIN)) == 0;
  return bare ? tp->snd_max : tp->snd_nxt;
}

// The header of a segment; its options are put behind it. Returns both lengths' sum.
uint32_t build_header(tcpcb *tp, const outgoing &o, uint8_t *at) {
  const inpcb *inp = tp->t_inpcb;
  tcphdr th{};
  tcp_seq seq = seq_of(tp, o);
  uint32_t hlen = sizeof th;
  th.th_sport = inp->inp_laddr.port;
  th.th_dport = inp->inp_faddr.port;
  th.th_seq = seq.raw;
  th.th_ack = (o.flags & TH_ACK) != 0 ? tp->rcv_nxt.raw : 0;
  th.th_flags = o.flags;
  th.th_win = uint16_t(o.recwin);
  if (seq_gt(tp->snd_up, seq)) {
    th.th_urp = uint16_t(min_of(tp->snd_up - seq, int32_t(0xffff)));
    th.th_flags |= TH_URG;
  } else if (seq_leq(tp->snd_up, tp->snd_nxt)) {
    tp->snd_up = tp->snd_una;  // drag it along, so that it stays comparable
  }
  if (o.flags & TH_SYN) {
    uint16_t mss = tcp_mss_offer(tp);
    uint8_t opt[TCPOLEN_MAXSEG] = {TCPOPT_MAXSEG, TCPOLEN_MAXSEG, uint8_t(mss >> 8), uint8_t(mss)};
    __builtin_memcpy(at + hlen, opt, sizeof opt);
    hlen += sizeof opt;
  }
  th.th_off = uint8_t((hlen / 4) << 4);
  __builtin_memcpy(at, &th, sizeof th);
  return hlen;
}

// Sequence variables, timing and timers for a segment that is about to leave.
void account(tcpcb *tp, const outgoing &o) {
  bool probe = (tp->t_flags & TF_FORCE) != 0 && tp->t_timer[TCPT_PERSIST] != 0;
  tcp_seq start = tp->snd_nxt, end = start + o.len;
  if (o.flags & TH_SYN) end += 1;
  if (o.flags & TH_FIN) {
    end += 1;
    tp->t_flags |= TF_SENTFIN;
  }
  if (probe) {
    tp->snd_max = seq_max(tp->snd_max, end);
    return;
  }
  tp->snd_nxt = end;
  if (seq_gt(end, tp->snd_max)) {
    tp->snd_max = end;
    if (tp->t_rtttime == 0) {
      tp->t_rtttime = tcp_stack(tp).now();
      tp->t_rtseq = start;
    }
  }
  if (end == start) return;
  tp->t_sndtime = tcp_stack(tp).now();
  if (tp->t_timer[TCPT_PERSIST] != 0) {
    tcp_stoptimer(tp, TCPT_PERSIST);
    tp->t_rxtshift = 0;
  }
  if (tp->t_timer[TCPT_REXMT] == 0) tcp_settimer(tp, TCPT_REXMT, tp->t_rxtcur);
}

void acked_peer(tcpcb *tp, uint32_t recwin) {
  tcp_seq edge = tp->rcv_nxt + recwin;
  if (recwin > 0 && seq_gt(edge, tp->rcv_adv)) tp->rcv_adv = edge;
  tp->t_flags &= uint16_t(~(TF_ACKNOW | TF_DELACK));
}

mbuf_ptr build(tcpcb *tp, const outgoing &o) {
  Stack &st = tcp_stack(tp);
  const inpcb *inp = tp->t_inpcb;
  mbuf_ptr m(m_copym(st.mb, tcp_socket(tp)->so_snd.sb_mb, o.off, o.len));
  if (!m) return m;
  uint8_t header[sizeof(tcphdr) + TCP_MAXOLEN];
  uint32_t hlen = build_header(tp, o, header);
  m = m_prepend(std::move(m), hlen);
  if (!m) return m;
  __builtin_memcpy(m->m_data, header, hlen);
  in_cksum sum;
  sum.add_pseudo(inp->inp_laddr.addr, inp->inp_faddr.addr, IPPROTO_TCP, uint16_t(hlen + o.len));
  sum.add(m.get(), 0, hlen + o.len);
  be16 check;
  check = sum.fold();
  __builtin_memcpy(m->m_data + offsetof(tcphdr, th_sum), &check, sizeof check);
  return m;
}

err emit(tcpcb *tp, outgoing o) {
  Stack &st = tcp_stack(tp);
  const sockbuf &sb = tcp_socket(tp)->so_snd;
  // A FIN that was sent is sent again at its own number, also when only an ACK is due.
  if ((o.flags & TH_FIN) != 0 && (tp->t_flags & TF_SENTFIN) != 0 && tp->snd_nxt == tp->snd_max)
    tp->snd_nxt = tp->snd_nxt - 1;
  if (o.len > 0 && o.off + o.len == sb.sb_cc) o.flags |= TH_PUSH;
  mbuf_ptr m = build(tp, o);
  account(tp, o);  // also without an mbuf: the retransmission timer is what tries again
  if (!m) return err::nobufs;
  acked_peer(tp, o.recwin);
  ++st.tcp_stat.tcps_sndtotal;
  const inpcb *inp = tp->t_inpcb;
  return ip_output(st, std::move(m), inp->inp_laddr.addr, inp->inp_faddr.addr, IPPROTO_TCP);
}

}  // namespace

// Loss on the way out (a full ring, no mbuf) is loss on the wire: the timers handle it, and the
// user hears of it only when they give up. Not so a peer that cannot be reached at all.
err tcp_output(tcpcb *tp) {
  KASSERT(tp->t_state != tcps::closed && tp->t_state != tcps::listen, "tcp_output: no connection");
  bool idle = tp->snd_max == tp->snd_una;
  if (idle && tp->t_sndtime != 0 && tcp_stack(tp).now() - tp->t_sndtime >= tp->t_rxtcur)
    tp->snd_cwnd = min_of(tp->snd_cwnd, tcp_initial_window(tp));  // RFC 5681, 4.1
  for (bool more = true; more;) {
    outgoing o = plan(tp, idle);
    if (!o.send) return err::ok;
    more = o.more;
    err e = emit(tp, o);
    if (e == err::hostunreach || e == err::netunreach) tp->t_softerror = e;
    if (e != err::ok) return err::ok;
  }
  return err::ok;
}

void tcp_setpersist(tcpcb *tp) {
  KASSERT(tp->t_timer[TCPT_REXMT] == 0, "tcp_setpersist: retransmission armed");
  uint32_t ms = tcp_rexmtval(tp) << min_of(tp->t_rxtshift, uint8_t(6));
  tcp_settimer(tp, TCPT_PERSIST, min_of(max_of(ms, TCPTV_PERSMIN), TCPTV_PERSMAX));
  if (tp->t_rxtshift < TCP_MAXRXTSHIFT) ++tp->t_rxtshift;
}

}  // namespace kyu
