// A segment out: its header, and what sending it changes (BSD: the second half of netinet/tcp_output.c,
// and tcp_respond(); volume 2, sections 26.6 ff. and 26.9).
#include "tcp/tcp_emit.h"

#include "ip/in_cksum.h"
#include "ip/ip_var.h"
#include "stack.h"
#include "tcp/tcp.h"

namespace kyu {

namespace {

// What stands in a header beside ports, length and checksum.
struct head {
  tcp_seq seq, ack;
  uint8_t flags = 0;
  uint16_t win = 0, urp = 0;
};

// Puts header and options in front of the data. Null: no mbuf was left.
mbuf_ptr with_header(mbuf_ptr m, endpoint from, endpoint to, const head &h, const_bytes options) {
  auto hlen = uint32_t(sizeof(tcphdr) + options.size());
  m = m_prepend(std::move(m), hlen);
  if (!m) return m;
  tcphdr th{};
  th.th_sport = from.port;
  th.th_dport = to.port;
  th.th_seq = h.seq.raw;
  th.th_ack = h.ack.raw;
  th.th_off = uint8_t(hlen / 4 << 4);
  th.th_flags = h.flags;
  th.th_win = h.win;
  th.th_urp = h.urp;
  if (!options.empty()) __builtin_memcpy(m->m_data + sizeof th, options.data(), options.size());
  in_cksum sum;
  sum.add_pseudo(from.addr, to.addr, IPPROTO_TCP, uint16_t(m->m_pktlen));
  sum.add_header(th);
  sum.add(m.get(), sizeof th, m->m_pktlen - uint32_t(sizeof th));
  th.th_sum = sum.fold();
  __builtin_memcpy(m->m_data, &th, sizeof th);
  return m;
}

// A bare ACK has the highest number that was ever sent: at snd_nxt, which a time-out moves back, the peer
// would find it left of its window. But not one right of it, where a probe's byte may lie, or a FIN behind
// the last byte that fits: two ends that find each other's ACKs unacceptable answer them for ever (volume
// 2, 26.7).
tcp_seq seq_of(const tcpcb *tp, const tcp_outgoing &o) {
  if (o.keepalive) return tp->snd_una - 1;
  bool bare = o.len == 0 && (o.flags & (TH_SYN | TH_FIN)) == 0;
  if (!bare) return tp->snd_nxt;
  uint32_t syn = tp->snd_una == tp->iss ? 1 : 0;  // no window counts it
  return seq_min(tp->snd_max, tp->snd_una + syn + tp->snd_wnd);
}

uint8_t sack_room(const tcpcb *tp) {
  return tp->t_flags & TF_TSTMP ? uint8_t(TCP_MAX_SACK - 1) : TCP_MAX_SACK;
}

bool has_options(const tcpcb *tp, const tcp_outgoing &o) {
  return (o.flags & TH_SYN) != 0 || (tp->t_flags & TF_TSTMP) != 0 || tcp_sack_count(tp, 1) > 0;
}

// Offers go with a SYN; in SYN-RECEIVED only those that the peer made too. Time stamps go with every
// segment once both have agreed.
tcp_options options_for(const tcpcb *tp, const tcp_outgoing &o) {
  tcp_options opt;
  bool syn = (o.flags & TH_SYN) != 0, first = tp->t_state == tcps::syn_sent;
  if (syn) {
    opt.mss = tcp_mss_offer(tp);
    opt.sack_permitted = first || (tp->t_flags & TF_SACK) != 0;
    opt.has_wscale = first || (tp->t_flags & TF_SCALE) != 0;
    opt.wscale = tp->rcv_scale;
  } else if (!(o.flags & TH_RST)) {
    opt.sacks = tcp_sack_blocks(tp, sack_room(tp), opt.sack);
  }
  opt.has_ts = (tp->t_flags & TF_TSTMP) != 0 || (syn && first);
  opt.tsval = opt.has_ts ? tcp_ts_now(tp) : 0;
  opt.tsecr = tp->ts_recent;
  return opt;
}

// SND.UP is dragged along where nothing is urgent, so that it stays comparable.
void put_urgent(tcpcb *tp, head &h) {
  if (seq_gt(tp->snd_up, h.seq)) {
    h.urp = uint16_t(min_of(tp->snd_up - h.seq, int32_t(0xffff)));
    h.flags |= TH_URG;
  } else if (seq_leq(tp->snd_up, tp->snd_nxt)) {
    tp->snd_up = tp->snd_una;
  }
}

NET_LOCKED mbuf_ptr build(tcpcb *tp, const tcp_outgoing &o) {
  const inpcb *inp = tp->t_inpcb;
  mbuf_ptr m(m_copym(tcp_stack(tp).mb, tcp_socket(tp)->so_snd.sb_mb, o.off, o.len));
  if (!m) return m;
  head h{.seq = seq_of(tp, o),
         .ack = (o.flags & TH_ACK) != 0 ? tp->rcv_nxt : tcp_seq{},
         .flags = o.flags,
         .win = uint16_t(o.recwin >> ((o.flags & TH_SYN) != 0 ? 0 : tp->rcv_scale))};
  if (!o.stray) put_urgent(tp, h);
  uint8_t options[TCP_MAXOLEN];
  uint32_t optlen = has_options(tp, o) ? tcp_write_options(options_for(tp, o), options) : 0;
  return with_header(std::move(m), inp->inp_laddr, inp->inp_faddr, h, const_bytes(options, optlen));
}

// Sequence variables, timing and timers for a segment that is about to leave.
NET_LOCKED void account(tcpcb *tp, const tcp_outgoing &o) {
  bool probe = (tp->t_flags & TF_FORCE) != 0 && tp->t_timer[TCPT_PERSIST] != 0;
  tcp_seq start = tp->snd_nxt, end = start + o.len;
  if (o.flags & TH_SYN) end += 1;
  if (o.flags & TH_FIN) {
    end += 1;
    tp->t_flags |= TF_SENTFIN;
  }
  if (end == start) return;
  if (probe) {
    tp->snd_max = seq_max(tp->snd_max, end);
    return;
  }
  tp->snd_nxt = end;
  tp->t_sndtime = tcp_stack(tp).now();
  if (seq_gt(end, tp->snd_max)) {
    if (tp->t_rtttime == 0) {
      tp->t_rtttime = tp->t_sndtime;
      tp->t_rtseq = seq_max(start, tp->snd_max);  // what goes again along with it measures nothing (Karn)
    }
    tp->snd_max = end;
  }
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

}  // namespace

uint8_t tcp_outflags(tcps state) {
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
// for ever; what was promised is taken in either case (RFC 7323, 2.4).
uint32_t tcp_window_to_offer(const tcpcb *tp, bool syn) {
  const sockbuf &sb = tcp_socket(tp)->so_rcv;
  uint8_t scale = syn ? 0 : tp->rcv_scale;
  uint32_t win = sbspace(sb);
  if (win < sb.sb_hiwat / 4 && win < tp->t_maxseg) win = 0;
  int32_t promised = tp->rcv_adv - tp->rcv_nxt;
  if (promised > 0) win = max_of(win, uint32_t(promised));
  return min_of(win >> scale, TCP_MAXWIN) << scale;
}

err tcp_emit(tcpcb *tp, tcp_outgoing o) {
  Stack &st = tcp_stack(tp);
  const sockbuf &sb = tcp_socket(tp)->so_snd;
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

uint32_t tcp_full_segment(const tcpcb *tp) {
  uint8_t n = tcp_sack_count(tp, sack_room(tp));
  return n == 0 ? tp->t_maxseg : tp->t_maxseg - (2 + TCPOLEN_SACK_HEAD + n * TCPOLEN_SACK_BLOCK);
}

void tcp_resend(tcpcb *tp, tcp_seq from, uint32_t len) {
  const sockbuf &sb = tcp_socket(tp)->so_snd;
  tcp_seq onxt = tp->snd_nxt;
  tcp_outgoing o;
  o.off = min_of(uint32_t(from - tp->snd_una), sb.sb_cc);
  // What was sent may go again wherever the window ends now, new data only within (RFC 9293, 3.8.6).
  tcp_seq end = seq_max(tp->snd_max, tp->snd_una + tp->snd_wnd);
  o.len = min_of(min_of(len, tcp_full_segment(tp)), min_of(sb.sb_cc - o.off, uint32_t(end - from)));
  o.flags = tcp_outflags(tp->t_state);
  if (o.off + o.len < sb.sb_cc || !(tp->t_flags & TF_SENTFIN)) o.flags &= uint8_t(~TH_FIN);
  if (o.len == 0 && !(o.flags & TH_FIN)) return;
  o.recwin = tcp_window_to_offer(tp, false);
  tp->snd_nxt = from;
  (void)tcp_emit(tp, o);
  tp->snd_nxt = seq_max(onxt, tp->snd_nxt);
}

void tcp_send_reset(tcpcb *tp) {
  tcp_outgoing o;
  o.flags = TH_RST | TH_ACK;
  o.stray = true;
  ++tcp_stack(tp).tcp_stat.tcps_rstsent;
  (void)tcp_emit(tp, o);
}

void tcp_keepalive(tcpcb *tp) {
  tcp_outgoing o;
  o.flags = TH_ACK;
  o.keepalive = o.stray = true;
  o.recwin = tcp_window_to_offer(tp, false);
  (void)tcp_emit(tp, o);
}

void tcp_respond(Stack &st, endpoint from, endpoint to, tcp_seq seq, tcp_seq ack, uint8_t flags, uint16_t win,
                 const tcp_options *opt) {
  uint8_t options[TCP_MAXOLEN];
  uint32_t optlen = opt != nullptr ? tcp_write_options(*opt, options) : 0;
  mbuf_ptr m(m_copym(st.mb, nullptr, 0, 0));  // nothing, behind room for the headers
  if (!m) return;
  m = with_header(std::move(m), from, to, {.seq = seq, .ack = ack, .flags = flags, .win = win},
                  const_bytes(options, optlen));
  if (!m) return;
  ++st.tcp_stat.tcps_sndtotal;
  if (flags & TH_RST) ++st.tcp_stat.tcps_rstsent;
  (void)ip_output(st, std::move(m), from.addr, to.addr, IPPROTO_TCP, {.df = true});
}

}  // namespace kyu
