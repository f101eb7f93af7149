// One segment on its way through tcp_input(): what RFC 9293 calls SEG.SEQ, SEG.ACK and so on, and
// the connection it belongs to. Internal to tcp/.
#pragma once

#include "sys/guarded.h"
#include "tcp/tcp.h"
#include "tcp/tcp_option.h"
#include "tcp/tcp_var.h"

namespace kyu {

struct tcp_segment {
  Stack &st;
  mbuf_ptr m;  // the payload, headers stripped
  endpoint src, dst;
  tcp_seq seq, ack;
  uint32_t len = 0;  // of the payload
  uint8_t flags = 0;
  tcp_seq first{};    // seq as it arrived: trimming moves `seq`
  bool bare = false;  // it came with neither data nor SYN nor FIN
  uint32_t wnd = 0;   // in bytes, once the connection is known
  uint16_t urp = 0;
  tcp_options opt{};
  bool group = false;  // sent to a broadcast or multicast address
  inpcb *inp = nullptr;
  tcpcb *tp = nullptr;
  socket *so = nullptr;
  bool need_output = false;
  bool stale = false;     // nothing of it is right of RCV.NXT
  bool new_sack = false;  // it told of bytes that we did not know to be there
  bool reopens = false;   // it ended a TIME-WAIT; a new connection begins above reopen_above
  tcp_seq reopen_above{};

  tcp_seq end() const { return seq + len; }
};

// What a step of the processing came to; BSD's gotos as values.
enum class verdict : uint8_t {
  next,  // go on with the next step
  text,  // go on with URG, text and FIN
  drop,
  drop_after_ack,
  drop_with_reset,
  again,  // look for the connection once more: TIME-WAIT made way, or a cookie became one
};

// tcp_segment.cc: header and options; false: not a valid segment, counted.
NET_LOCKED bool tcp_parse(tcp_segment &);
// Cuts the segment down to the window.
void tcp_trim_head(tcp_segment &, uint32_t n);
void tcp_trim_tail(tcp_segment &, uint32_t n);

// tcp_open.cc: RFC 9293, 3.10.7.2 and 3.10.7.3
NET_LOCKED verdict tcp_listen_input(tcp_segment &);
NET_LOCKED verdict tcp_syn_sent_input(tcp_segment &);

// The same SYN was answered twice, by a cookie and by this connection in SYN-RECEIVED, and the peer took
// the cookie: so do we. False: the ACK is of no cookie.
NET_LOCKED bool tcp_adopt_cookie(tcp_segment &);

// tcp_ack.cc: RFC 9293, 3.10.7.4, "Fifth, check the ACK field"
NET_LOCKED verdict tcp_ack_input(tcp_segment &);
// Takes the round trip that this ACK ends, where one is timed.
void tcp_measure(tcp_segment &);

// Entering ESTABLISHED from either side.
NET_LOCKED void tcp_established(tcpcb *);
NET_LOCKED void tcp_enter_time_wait(tcpcb *);

}  // namespace kyu
