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
  uint32_t recwin = 0;  // bytes, as far as the field can say them
  bool send = false;
  bool more = false;       // another full segment may follow
  bool keepalive = false;  // left of the window
  bool stray = false;      // changes nothing of the connection
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

// Receiver's silly window avoidance (RFC 9293, 3.8.6.2.2), and a window that does not shrink by more
// than the field cannot say. Rounding up instead would let a sender of single bytes push the edge on
// for ever; what was promised is taken in either case (RFC 7323, 2.4). A SYN's window is not scaled.
uint32_t window_to_offer(const tcpcb *tp, bool syn) {
  const sockbuf &sb = tcp_socket(tp)->so_rcv;
  uint32_t unit = syn ? 1 : 1u << tp->rcv_scale;
  uint32_t win = sbspace(sb);
  if (win < sb.sb_hiwat / 4 && win < tp->t_maxseg) win = 0;
  int32_t promised = tp->rcv_adv - tp->rcv_nxt;
  if (promised > 0) win = max_of(win, uint32_t(promised));
  return min_of(win / unit, TCP_MAXWIN) * unit;
}

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
bool data_due(const tcpcb *tp, const outgoing &o, uint32_t full, bool idle) {
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
    o.recwin = window_to_offer(tp, (o.flags & TH_SYN) != 0);
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
  if (o.off + o.len < sb.sb_cc) o.flags &= uint8_t(~TH_FIN);
  o.recwin = window_to_offer(tp, false);
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

// A bare ACK has the highest number that was ever sent: at snd_nxt, which a time-out moves back, the
// peer would find it left of its window.
tcp_seq seq_of(const tcpcb *tp, const outgoing &o) {
  if (o.keepalive) return tp->snd_una - 1;
  bool bare = o.len == 0 && (o.flags & (TH_SYN | TH_FIN)) == 0;
  return bare ? tp->snd_max : tp->snd_nxt;
}

bool has_options(const tcpcb *tp, const outgoing &o) {
  const sack_report &r = tp->t_report;
  return (o.flags & TH_SYN) != 0 || (tp->t_flags & TF_TSTMP) != 0 || r.n > 0 ||
         r.duplicate.start != r.duplicate.end;
}

// Offers go with a SYN; in SYN-RECEIVED only those that the peer made too. Time stamps go with every
// segment once both have agreed.
tcp_options options_for(const tcpcb *tp, const outgoing &o) {
  tcp_options opt;
  bool syn = (o.flags & TH_SYN) != 0, first = tp->t_state == tcps::syn_sent;
  if (syn) {
    opt.mss = tcp_mss_offer(tp);
    opt.sack_permitted = first || (tp->t_flags & TF_SACK) != 0;
    opt.has_wscale = first || (tp->t_flags & TF_SCALE) != 0;
    opt.wscale = tp->rcv_scale;
  } else {
    uint8_t room = tp->t_flags & TF_TSTMP ? TCP_MAX_SACK - 1 : TCP_MAX_SACK;
    if (!(o.flags & TH_RST)) opt.sacks = tcp_sack_blocks(tp, room, opt.sack);
  }
  opt.has_ts = (tp->t_flags & TF_TSTMP) != 0 || (syn && first);
  opt.tsval = opt.has_ts ? tcp_ts_now(tp) : 0;
  opt.tsecr = tp->ts_recent;
  return opt;
}

// SND.UP is dragged along where nothing is urgent, so that it stays comparable.
void put_urgent(tcpcb *tp, tcp_seq seq, tcphdr &th) {
  if (seq_gt(tp->snd_up, seq)) {
    th.th_urp = uint16_t(min_of(tp->snd_up - seq, int32_t(0xffff)));
    th.th_flags |= TH_URG;
  } else if (seq_leq(tp->snd_up, tp->snd_nxt)) {
    tp->snd_up = tp->snd_una;
  }
}

// The header of a segment; its options are put behind it. Returns both lengths' sum.
uint32_t build_header(tcpcb *tp, const outgoing &o, uint8_t *at) {
  const inpcb *inp = tp->t_inpcb;
  tcphdr th{};
  tcp_seq seq = seq_of(tp, o);
  th.th_sport = inp->inp_laddr.port;
  th.th_dport = inp->inp_faddr.port;
  th.th_seq = seq.raw;
  th.th_ack = (o.flags & TH_ACK) != 0 ? tp->rcv_nxt.raw : 0;
  th.th_flags = o.flags;
  th.th_win = uint16_t(o.recwin >> ((o.flags & TH_SYN) != 0 ? 0 : tp->rcv_scale));
  if (!o.stray) put_urgent(tp, seq, th);
  uint32_t hlen = sizeof th;
  if (has_options(tp, o)) {
    uint8_t options[TCP_MAXOLEN];
    uint32_t optlen = tcp_write_options(options_for(tp, o), options);
    __builtin_memcpy(at + sizeof th, options, optlen);
    hlen += optlen;
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
  if (start == tp->snd_una && tp->t_rxtshift == 0) tp->t_progress = tp->t_sndtime;
  if (tp->t_timer[TCPT_PERSIST] != 0) {
    tcp_stoptimer(tp, TCPT_PERSIST);
    tp->t_rxtshift = 0;
  }
  if (tp->t_timer[TCPT_REXMT] == 0) tcp_settimer(tp, TCPT_REXMT, tp->t_rxtcur);
}

void acked_peer(tcpcb *tp, uint32_t recwin) {
  tcp_seq edge = tp->rcv_nxt + recwin;
  if (recwin > 0 && seq_gt(edge, tp->rcv_adv)) tp->rcv_adv = edge;
  tp->last_ack_sent = tp->rcv_nxt;
  tp->t_report.duplicate = {};
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
  if (!o.stray) account(tp, o);  // also without an mbuf: the retransmission timer is what tries again
  if (!m) return err::nobufs;
  acked_peer(tp, o.recwin);
  ++st.tcp_stat.tcps_sndtotal;
  const inpcb *inp = tp->t_inpcb;
  return ip_output(st, std::move(m), inp->inp_laddr.addr, inp->inp_faddr.addr, IPPROTO_TCP,
                   {.df = true, .tos = inp->inp_tos, .ttl = inp->inp_ttl});
}

void send_new(tcpcb *tp, bool idle) {
  for (bool more = true; more;) {
    outgoing o = plan(tp, idle);
    if (!o.send) return;
    more = o.more;
    err e = emit(tp, o);
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
void resend_by_scoreboard(tcpcb *tp, bool only_lost) {
  sack_block what;
  while (tcp_sack_pipe(tp) + tp->t_maxseg <= tp->snd_cwnd &&
         tcp_sack_next(tp, only_lost, tcp_full_segment(tp), &what))
    tcp_resend(tp, what.start, uint32_t(what.end - what.start));
}

}  // namespace

uint32_t tcp_full_segment(const tcpcb *tp) {
  sack_block blocks[TCP_MAX_SACK];
  uint8_t n = tcp_sack_blocks(tp, tp->t_flags & TF_TSTMP ? TCP_MAX_SACK - 1 : TCP_MAX_SACK, blocks);
  return n == 0 ? tp->t_maxseg : tp->t_maxseg - (2 + TCPOLEN_SACK_HEAD + n * TCPOLEN_SACK_BLOCK);
}

void tcp_resend(tcpcb *tp, tcp_seq from, uint32_t len) {
  const sockbuf &sb = tcp_socket(tp)->so_snd;
  tcp_seq onxt = tp->snd_nxt;
  outgoing o;
  o.off = min_of(uint32_t(from - tp->snd_una), sb.sb_cc);
  o.len = min_of(min_of(len, tcp_full_segment(tp)), sb.sb_cc - o.off);
  o.flags = outflags(tp->t_state);
  if (o.off + o.len < sb.sb_cc || !(tp->t_flags & TF_SENTFIN)) o.flags &= uint8_t(~TH_FIN);
  if (o.len == 0 && !(o.flags & TH_FIN)) return;
  o.recwin = window_to_offer(tp, false);
  tp->snd_nxt = from;
  (void)emit(tp, o);
  tp->snd_nxt = seq_max(onxt, tp->snd_nxt);
}

void tcp_send_reset(tcpcb *tp) {
  outgoing o;
  o.flags = TH_RST | TH_ACK;
  o.stray = true;
  ++tcp_stack(tp).tcp_stat.tcps_rstsent;
  (void)emit(tp, o);
}

void tcp_keepalive(tcpcb *tp) {
  outgoing o;
  o.flags = TH_ACK;
  o.keepalive = o.stray = true;
  o.recwin = window_to_offer(tp, false);
  (void)emit(tp, o);
}

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
