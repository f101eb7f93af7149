// Making, changing and ending a control block (BSD: netinet/tcp_subr.c; volume 2, chapter 27).
#include "ip/ip_var.h"
#include "stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_var.h"

namespace kyu {

tcpcb *tcp_newtcpcb(inpcb *inp) {
  tcpcb *tp = pool_new<tcpcb>(inp->inp_stack->tcpcb_pool, inp);
  if (tp != nullptr) inp->inp_ppcb = tp;
  return tp;
}

void tcp_newstate(tcpcb *tp, tcps to) {
  KASSERT(tcps_legal_edge(tp->t_state, to), "tcp_newstate: no such edge");
  pool_note(tcp_stack(tp).tcpcb_pool, tp, "t_state", uint32_t(tp->t_state), uint32_t(to));
  tp->t_state = to;
}

namespace {

// What nobody else can know of a connection's addresses and ports.
struct keyed_offsets {
  uint32_t iss, ts;
};

NET_LOCKED keyed_offsets offsets_of(const Stack &st, endpoint local, endpoint foreign) {
  const uint64_t words[] = {
      uint64_t(local.addr) << 32 | foreign.addr,
      uint64_t(local.port) << 16 | foreign.port,
  };
  uint64_t h = siphash(st.secret, words);
  return {uint32_t(h), uint32_t(h >> 32)};
}

}  // namespace

uint32_t tcp_ts_offset(const Stack &st, endpoint local, endpoint foreign) {
  return offsets_of(st, local, foreign).ts;
}

uint32_t tcp_ts_now(const tcpcb *tp) { return uint32_t(tcp_stack(tp).now()) + tp->t_tsoffset; }

void tcp_sendseqinit(tcpcb *tp) {
  constexpr uint32_t ticks_per_ms = 250;  // of RFC 9293's 4 us clock
  const Stack &st = tcp_stack(tp);
  keyed_offsets keyed = offsets_of(st, tp->t_inpcb->inp_laddr, tp->t_inpcb->inp_faddr);
  tp->t_tsoffset = keyed.ts;
  tcp_begin_at(tp, {uint32_t(st.now()) * ticks_per_ms + keyed.iss});
}

void tcp_begin_at(tcpcb *tp, tcp_seq iss) {
  tp->iss = iss;
  tp->snd_una = tp->snd_nxt = tp->snd_max = tp->snd_up = tp->snd_recover = tp->iss;
}

void tcp_begin_above(tcpcb *tp, tcp_seq above) {
  KASSERT(tp->snd_max == tp->iss, "tcp_begin_above: too late");
  if (!seq_gt(tp->iss, above)) tcp_begin_at(tp, above + 64 * 1024);
}

uint8_t tcp_scale_for(uint32_t window) {
  uint8_t scale = 0;
  while (scale < TCP_MAX_WINSHIFT && TCP_MAXWIN << scale < window) ++scale;
  return scale;
}

void tcp_rcvseqinit(tcpcb *tp) { tp->rcv_adv = tp->rcv_nxt = tp->rcv_up = tp->last_ack_sent = tp->irs + 1; }

void tcp_drop(tcpcb *tp, err e) {
  if (tcps_have_rcvd_syn(tp->t_state) && tp->t_state != tcps::time_wait) tcp_send_reset(tp);
  tcp_drop_quietly(tp, e);
}

void tcp_drop_quietly(tcpcb *tp, err e) {
  ++tcp_stack(tp).tcp_stat.tcps_drops;
  if (e == err::timedout && tp->t_softerror != err::ok) e = tp->t_softerror;
  tcp_socket(tp)->so_error = e;
  tcpcb_close(tp);
}

void tcpcb_close(tcpcb *tp) {
  inpcb *inp = tp->t_inpcb;
  socket *so = inp->inp_socket;
  Stack &st = *inp->inp_stack;
  if (tp->t_state != tcps::closed) tcp_newstate(tp, tcps::closed);
  tcp_freeq(tp);
  tcp_canceltimers(tp);
  inp->inp_ppcb = nullptr;
  pool_delete(st.tcpcb_pool, tp);
  ++st.tcp_stat.tcps_closed;
  soisdisconnected(so);
  sbflush(so->so_snd);
  in_pcbdetach(inp);
}

// RFC 5961, section 7: not more often than so many times in a second. The limit is kept for each
// connection: a common one would tell a third party what others receive (CVE-2016-5696).
bool tcp_may_challenge(tcpcb *tp) {
  Stack &st = tcp_stack(tp);
  uint64_t second = st.now() / 1000;
  if (tp->t_challenge_second != second) {
    tp->t_challenge_second = second;
    tp->t_challenges = 0;
  }
  if (tp->t_challenges >= tcp_challenges_per_s) return false;
  ++tp->t_challenges;
  ++st.tcp_stat.tcps_challenge;
  return true;
}

void tcp_challenge_ack(tcpcb *tp) {
  if (!tcp_may_challenge(tp)) return;
  tp->t_flags |= TF_ACKNOW;
  (void)tcp_output(tp);
}

namespace {

// The connection whose segment `head` quotes, if it is in flight (RFC 5927, 4.1): others cannot know
// its number. Null: there is none.
NET_LOCKED tcpcb *quoted_connection(Stack &st, uint32_t dst, const_bytes head) {
  struct {
    be16 sport, dport;
    be32 seq;
  } quote;
  KASSERT(head.size() >= sizeof quote, "tcp_ctlinput: short quote");
  __builtin_memcpy(&quote, head.data(), sizeof quote);
  inpcb *inp = in_pcblookup_connected(st.tcb, {dst, quote.dport}, {st.ifp.if_addr, quote.sport});
  if (inp == nullptr || inp->inp_ppcb == nullptr) return nullptr;
  tcpcb *tp = inp->inp_ppcb;
  tcp_seq seq{quote.seq};
  return seq_lt(seq, tp->snd_una) || seq_geq(seq, tp->snd_max) ? nullptr : tp;
}

}  // namespace

bool tcp_in_flight(Stack &st, uint32_t dst, const_bytes head) {
  return quoted_connection(st, dst, head) != nullptr;
}

// Before the connection is established an error ends the attempt where it is a hard one; afterwards
// each is a hint (RFC 1122, 4.2.3.9; RFC 5461; RFC 5927, 5.2).
void tcp_ctlinput(Stack &st, err e, uint32_t dst, const_bytes head) {
  tcpcb *tp = quoted_connection(st, dst, head);
  if (tp == nullptr) return;
  tcp_met(tp, e == err::msgsize ? tcp_event::too_big : tcp_event::unreachable);
  bool young = tp->t_state == tcps::syn_sent || tp->t_state == tcps::syn_received;
  if (e == err::msgsize) {
    if (!young) tcp_mtudisc(tp);
  } else if (e == err::connrefused && young) {
    tcp_drop(tp, e);
  } else {
    tp->t_softerror = e;
  }
}

// RFC 1191, 6.4: what was too large goes out again at once. It was not lost to congestion, so the
// congestion window stays.
void tcp_mtudisc(tcpcb *tp) {
  if (!tcp_fit_mtu(tp)) return;
  if (!(tp->t_flags & TF_TSTMP)) tp->t_rtttime = 0;  // Karn
  tp->snd_nxt = tp->snd_una;
  (void)tcp_output(tp);
}

bool tcp_fit_mtu(tcpcb *tp) {
  uint32_t headers = sizeof(ip) + sizeof(tcphdr) + (tp->t_flags & TF_TSTMP ? TCPOLEN_TSTAMP_APPA : 0u);
  uint32_t most = ip_mtu(tcp_stack(tp), tp->t_inpcb->inp_faddr.addr) - headers;
  if (most >= tp->t_maxseg) return false;
  tp->t_maxseg = uint16_t(most);
  return true;
}

uint16_t tcp_mss_offer(const tcpcb *tp) {
  uint16_t link = uint16_t(ETHERMTU - sizeof(ip) - sizeof(tcphdr));
  return tp->t_usermss != 0 ? min_of(tp->t_usermss, link) : link;
}

// RFC 6928: ten segments.
uint32_t tcp_initial_window(const tcpcb *tp) {
  uint32_t mss = tp->t_maxseg;
  return min_of(10 * mss, max_of(2 * mss, 14600u));
}

void tcp_take_offer(tcpcb *tp, const tcp_options &o) {
  uint16_t peer = o.mss == 0 ? TCP_MSS_DEFAULT : max_of(o.mss, TCP_MSS_MIN);
  tp->t_maxseg = min_of(peer, tcp_mss_offer(tp));
  if (o.sack_permitted) tp->t_flags |= TF_SACK;
  if (o.has_wscale) {
    tp->t_flags |= TF_SCALE;
    tp->snd_scale = o.wscale;
  } else {
    tp->rcv_scale = 0;
  }
  if (o.has_ts) {
    tp->t_flags |= TF_TSTMP;
    tp->t_maxseg = uint16_t(tp->t_maxseg - TCPOLEN_TSTAMP_APPA);
    tp->ts_recent = o.tsval;
    tp->ts_recent_age = tcp_stack(tp).now();
  }
  (void)tcp_fit_mtu(tp);
  tp->snd_cwnd = tcp_initial_window(tp);
}

}  // namespace kyu
