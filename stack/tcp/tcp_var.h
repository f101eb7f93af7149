// TCP's control block and functions (BSD: netinet/tcp_var.h; volume 2, chapters 24 to 30).
// All functions want the locker held.
#pragma once

#include "ip/in_pcb.h"
#include "ip/ip.h"
#include "sys/guarded.h"
#include "tcp/tcp_event.h"
#include "tcp/tcp_fsm.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_seq.h"

namespace kyu {

enum tcp_timer : uint8_t { TCPT_REXMT, TCPT_PERSIST, TCPT_KEEP, TCPT_2MSL };
inline constexpr int TCPT_NTIMERS = 4;

enum tcp_flag : uint16_t {
  TF_ACKNOW = 0x01,   // ack at once
  TF_DELACK = 0x02,   // ack, but within 200 ms
  TF_NODELAY = 0x04,  // no Nagle
  TF_NEEDFIN = 0x08,  // closed by the user in SYN-RECEIVED: FIN follows the handshake
  TF_SENTFIN = 0x10,
  TF_FASTRECOVERY = 0x20,  // between the third duplicate ack and `recover`
  TF_FORCE = 0x40,         // tcp_output() sends a byte into a zero window (BSD: t_force)
  // What both sides' SYNs offered.
  TF_SCALE = 0x80,
  TF_TSTMP = 0x100,
  TF_SACK = 0x200,
  TF_MORETOCOME = 0x400,  // the user's call has more data: a small segment can wait for it
};

// Constants of time, ms.
inline constexpr uint32_t TCPTV_MSL = 30 * 1000;
inline constexpr uint32_t TCPTV_MIN = 1000;            // RFC 6298, 2.4
inline constexpr uint32_t TCPTV_REXMTMAX = 64 * 1000;  // RFC 6298, 2.5
inline constexpr uint32_t TCPTV_LOSTSYN = 3 * 1000;    // RFC 6298, 5.7
inline constexpr uint32_t TCPTV_PERSMIN = 5 * 1000, TCPTV_PERSMAX = 60 * 1000;
inline constexpr uint32_t TCPTV_KEEP_INIT = 75 * 1000;   // for a peer to complete what it began
inline constexpr uint32_t TCPTV_CONN_INIT = 190 * 1000;  // for our own attempts (RFC 9293, MUST-23)
inline constexpr uint32_t TCPTV_KEEP_IDLE = 2 * 60 * 60 * 1000;
inline constexpr uint32_t TCPTV_KEEPINTVL = 75 * 1000;
inline constexpr uint32_t TCP_KEEPCNT = 8;
inline constexpr uint32_t tcp_maxidle = TCP_KEEPCNT * TCPTV_KEEPINTVL;
inline constexpr uint64_t TCP_PAWS_IDLE = 24ull * 24 * 60 * 60 * 1000;  // RFC 7323, 5.5
inline constexpr uint8_t TCP_MAXRXTSHIFT = 12;
inline constexpr uint8_t tcprexmtthresh = 3;
inline constexpr uint8_t tcp_challenges_per_s = 10;  // for each connection, RFC 5961 section 7
inline constexpr uint16_t tcp_maxsegq = 32;          // segments out of order, for each connection

// The urgent byte, which is taken out of the stream (volume 2, sections 26.7 and 29.7).
enum class urgent : uint8_t { none, announced, here, taken };

// A segment that waits for the bytes before it.
struct tseg {
  tcp_seq tqe_seq;
  uint32_t tqe_len;
  bool tqe_fin;
  mbuf *tqe_m = nullptr;
  queue_link<tseg> tqe_q;

  tseg(tcp_seq seq, uint32_t len, bool fin) : tqe_seq(seq), tqe_len(len), tqe_fin(fin) {}
};

struct tcpcb {
  inpcb *t_inpcb;
  tcps t_state = tcps::closed;  // changed by tcp_newstate() only
  uint16_t t_flags = 0;
  uint16_t t_maxseg = 536;  // bytes of data in a full segment, beside time stamps
  uint16_t t_usermss = 0;   // TCP_MAXSEG; 0: not set

  // Send sequence variables (RFC 9293, 3.3.1).
  tcp_seq snd_una, snd_nxt, snd_max, snd_up, snd_wl1, snd_wl2, iss;
  uint32_t snd_wnd = 0, max_sndwnd = 0;
  uint8_t snd_scale = 0, rcv_scale = 0;  // RFC 7323: Snd.Wind.Shift, Rcv.Wind.Shift
  // Receive sequence variables.
  tcp_seq rcv_nxt, rcv_up, irs, rcv_adv;
  tcp_seq last_ack_sent;
  uint32_t rcv_wnd = 0;

  // Time stamps (RFC 7323): the peer's newest and when it came; what is added to our clock.
  uint32_t ts_recent = 0, t_tsoffset = 0;
  uint64_t ts_recent_age = 0;

  sack_report t_report;
  sack_scoreboard t_scoreboard;

  // Congestion control (RFC 5681, RFC 6582, RFC 6675).
  uint32_t snd_cwnd = 0, snd_ssthresh = UINT32_MAX;
  tcp_seq snd_recover;
  uint8_t t_dupacks = 0;

  // Round trip (RFC 6298), ms. srtt is scaled by 8, rttvar by 4; srtt 0: no measurement yet.
  uint32_t t_srtt = 0, t_rttvar = 0, t_rxtcur = 1000;
  uint64_t t_rtttime = 0;  // when the timed segment left; 0: none is timed
  tcp_seq t_rtseq;
  uint8_t t_rxtshift = 0;  // retransmissions of the same data
  uint8_t t_persists = 0;  // probes since the window was last open, for a connection without a user

  uint64_t t_timer[TCPT_NTIMERS] = {};  // ms at which it expires; 0: not set
  uint64_t t_rcvtime = 0;               // ms of the last segment in
  uint64_t t_sndtime = 0;               // ms of the last data out
  queue_link<tcpcb> t_timerq;           // on Stack::tcp_timerq while something is timed

  urgent t_urgent = urgent::none;
  uint8_t t_iobc = 0;  // the urgent byte, when it is here

  err t_softerror = err::ok;
  uint32_t t_usertimeo = 0;  // ms without progress after which it ends; 0: not limited by the user
  uint64_t t_progress = 0;   // ms of the last byte that was acknowledged, or sent into an empty network
  uint32_t t_keepidle = TCPTV_KEEP_IDLE, t_keepintvl = TCPTV_KEEPINTVL;
  uint64_t t_challenge_second = 0;
  uint8_t t_challenges = 0;
  uint16_t t_segqlen = 0;
  queue<tseg, &tseg::tqe_q> t_segq;

  explicit tcpcb(inpcb *inp) : t_inpcb(inp) {}
};

using tcp_timer_queue = queue<tcpcb, &tcpcb::t_timerq>;

struct tcpstat {
  uint32_t tcps_rcvtotal = 0, tcps_badhdr = 0, tcps_badsum = 0, tcps_sndtotal = 0;
  uint32_t tcps_accepts = 0, tcps_connects = 0, tcps_connattempt = 0, tcps_drops = 0;
  uint32_t tcps_closed = 0, tcps_rexmttimeo = 0, tcps_persisttimeo = 0, tcps_keepprobe = 0;
  uint32_t tcps_fastrexmt = 0, tcps_rcvoopack = 0, tcps_rcvduppack = 0, tcps_listendrop = 0;
  uint32_t tcps_reassdrop = 0, tcps_delack = 0, tcps_rstsent = 0, tcps_challenge = 0;
  uint32_t tcps_pawsdrop = 0, tcps_sc_sendcookie = 0, tcps_sc_recvcookie = 0;
  tcp_cells tcps_cells;
};

inline tcpcb *intotcpcb(const inpcb *inp) { return inp->inp_ppcb; }
inline socket *tcp_socket(const tcpcb *tp) { return tp->t_inpcb->inp_socket; }
inline Stack &tcp_stack(const tcpcb *tp) { return *tp->t_inpcb->inp_stack; }

// --- tcp_event.cc
// That it has met a state and circumstances, before it is dealt with.
NET_LOCKED void tcp_met(const tcpcb *, tcp_event);

// --- tcp_input.cc and its steps
// A segment with the IP header `iph` stripped.
NET_LOCKED void tcp_input(Stack &, mbuf_ptr m, const ip &iph);

// --- tcp_output.cc
// Sends what window, congestion and Nagle allow: data, FIN, or an ACK that is due.
NET_LOCKED err tcp_output(tcpcb *);
NET_LOCKED void tcp_setpersist(tcpcb *);

// --- tcp_emit.cc
// Bytes of data in a full segment now: SACK blocks take their room (RFC 6691).
uint32_t tcp_full_segment(const tcpcb *);
// One segment again, with up to `len` bytes from `from` on, whatever else is in flight.
NET_LOCKED void tcp_resend(tcpcb *, tcp_seq from, uint32_t len);
// The end of a connection for the peer; with a time stamp, as RFC 7323, 3.2 would have it.
NET_LOCKED void tcp_send_reset(tcpcb *);
// A segment left of the window, which the peer must answer (RFC 9293, 3.8.4).
NET_LOCKED void tcp_keepalive(tcpcb *);
// A segment without a connection: a reset, or a cookie. `opt` may be null.
NET_LOCKED void tcp_respond(Stack &, endpoint from, endpoint to, tcp_seq seq, tcp_seq ack, uint8_t flags,
                            uint16_t win = 0, const tcp_options *opt = nullptr);

// --- tcp_subr.cc
NET_LOCKED tcpcb *tcp_newtcpcb(inpcb *);
NET_LOCKED void tcp_newstate(tcpcb *, tcps);
// Ends a connection: `e` for the user, RST for a peer that knows about us. The tcpcb is gone.
NET_LOCKED void tcp_drop(tcpcb *, err e);
// The same without the RST: it was the peer that ended it.
NET_LOCKED void tcp_drop_quietly(tcpcb *, err e);
// Frees the tcpcb and detaches its pcb (BSD: tcp_close). The socket goes too without a user.
NET_LOCKED void tcpcb_close(tcpcb *);
// An ACK for what may be of no use but for its answer; where there is no limit, two sides that both answer go
// on for ever.
NET_LOCKED void tcp_challenge_ack(tcpcb *);
// One may leave. Who asks sees to that.
NET_LOCKED bool tcp_may_challenge(tcpcb *);
// An ICMP error about a segment that we sent to `dst`; `head` begins with its ports and sequence.
NET_LOCKED void tcp_ctlinput(Stack &, err, uint32_t dst, const_bytes head);
// Does `head` quote a segment that is on its way?
NET_LOCKED bool tcp_in_flight(Stack &, uint32_t dst, const_bytes head);
// The path takes less than we thought: smaller segments from now on, and again from SND.UNA.
NET_LOCKED void tcp_mtudisc(tcpcb *);
// Segments as large as the path takes; false: they are.
NET_LOCKED bool tcp_fit_mtu(tcpcb *);
uint16_t tcp_mss_offer(const tcpcb *);
// Takes what the peer's SYN offered, and sets the initial congestion window.
NET_LOCKED void tcp_take_offer(tcpcb *, const tcp_options &);
uint32_t tcp_initial_window(const tcpcb *);
// The initial number: a clock, and a keyed hash of the addresses (RFC 6528). The pcb is connected.
NET_LOCKED void tcp_sendseqinit(tcpcb *);
// What is added to our clock for a connection (RFC 7323, 5.4).
NET_LOCKED uint32_t tcp_ts_offset(const Stack &, endpoint local, endpoint foreign);
// Our clock as the peer sees it, ms (RFC 7323, 5.4).
uint32_t tcp_ts_now(const tcpcb *);
void tcp_begin_at(tcpcb *, tcp_seq iss);
// Moves the initial number above what an earlier incarnation used (RFC 9293, 3.4.3).
void tcp_begin_above(tcpcb *, tcp_seq);
void tcp_rcvseqinit(tcpcb *);
// The smallest scale by which the window field can say so many bytes.
uint8_t tcp_scale_for(uint32_t window);

// --- tcp_reass.cc
// Takes `m` with `len` bytes at `seq`, delivers what is in order. True: the FIN is now in order.
NET_LOCKED bool tcp_reass(tcpcb *, tcp_seq seq, uint32_t len, bool fin, mbuf_ptr m);
NET_LOCKED void tcp_freeq(tcpcb *);

// --- tcp_timer.cc
NET_LOCKED void tcp_settimer(tcpcb *, tcp_timer, uint32_t ms);
void tcp_stoptimer(tcpcb *, tcp_timer);
NET_LOCKED void tcp_canceltimers(tcpcb *);
NET_LOCKED void tcp_delack(tcpcb *);
uint32_t tcp_rexmtval(const tcpcb *);
void tcp_xmit_timer(tcpcb *, uint32_t rtt_ms);
NET_LOCKED void tcp_fasttimo(Stack &);
NET_LOCKED void tcp_slowtimo(Stack &);
// ms until which neither timer has anything to do; UINT64_MAX: nothing is armed.
NET_LOCKED uint64_t tcp_next_slow_due(const Stack &);
NET_LOCKED bool tcp_delack_pending(const Stack &);

// --- tcp_congestion.cc
// `ack` is new: snd_una has been moved to it, and `acked` bytes went away.
NET_LOCKED void tcp_cc_ack(tcpcb *, tcp_seq ack, uint32_t acked);
NET_LOCKED void tcp_cc_dupack(tcpcb *, tcp_seq ack);
void tcp_cc_timeout(tcpcb *);
// Ends a recovery that is under way without its success: all is sent again from SND.UNA on.
void tcp_cc_abandon(tcpcb *);

// --- tcp_usrreq.cc
NET_LOCKED err tcp_attach(socket *);
NET_LOCKED err tcp_usr_bind(socket *, endpoint);
NET_LOCKED err tcp_usr_listen(socket *);
NET_LOCKED err tcp_usr_connect(socket *, endpoint peer);
// Closes as the user asked for: FIN, or RST for a linger time of 0 and for unread data.
NET_LOCKED void tcp_disconnect(tcpcb *);
NET_LOCKED void tcp_usrclosed(tcpcb *);
NET_LOCKED err tcp_usr_shutdown(socket *);
NET_LOCKED void tcp_usr_detach(socket *);
NET_LOCKED void tcp_usr_rcvd(socket *);
// `more`: the same call will bring more.
NET_LOCKED err tcp_usr_send(socket *, mbuf *m, bool oob, bool more);
NET_LOCKED err tcp_setopt(tcpcb *, uint16_t option, uint32_t value);
err tcp_getopt(const tcpcb *, uint16_t option, uint32_t *value);
err tcp_usr_rcvoob(socket *, uint8_t *byte, bool peek);

}  // namespace kyu
