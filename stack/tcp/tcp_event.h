// What happens to a connection, from wherever: a segment, the user, a timer, ICMP (RFC 9293, 3.10). Which
// event has met which state, and in which circumstances, says how much of TCP a scenario has reached, where
// lines of code do not: a line that was forgotten cannot be reached, what it was forgotten for can.
#pragma once

#include "tcp/tcp_fsm.h"

#include <cstdint>

namespace kyu {

// A segment is what weighs most in it.
enum class tcp_event : uint8_t {
  syn,
  syn_ack,
  ack,
  data,
  fin,
  data_fin,
  urgent,
  reset,
  no_ack,  // segments
  listen,
  connect,
  send,
  send_urgent,
  received,
  shutdown,
  close,
  abort,  // the user
  rexmt,
  persist,
  keep,
  two_msl,
  delack,  // timers
  unreachable,
  too_big,  // ICMP
};
inline constexpr int TCP_NEVENTS = 24;

// Such as "SYN+ACK" or "retransmit".
const char *tcp_event_name(tcp_event);

// What makes a connection special while an event meets it.
enum class tcp_circumstance : uint8_t {
  duplicates,  // ACKs that say the same again
  recovery,    // of what they told
  sacked,      // the peer has reported blocks
  backed_off,  // the retransmission timer has expired
  resending,   // what was sent goes again
  waiting,     // there is more to send than has been sent
  closed,      // the peer's window
  taken_back,  // it ends before what has been sent
  gap,         // the peer's segments wait for what is missing
  full,        // we have no room for a segment
  urgent,      // the peer has announced a byte
  deaf,        // nobody will receive
  unheld,      // no user has it
};
inline constexpr int TCP_NCIRCUMSTANCES = 13;

// Such as "window closed".
const char *tcp_circumstance_name(tcp_circumstance);

struct tcp_cells {
  uint32_t met[TCP_NSTATES] = {};              // for each state the events that have met it, as bits
  uint16_t amid[TCP_NEVENTS] = {};             // for each event the circumstances that it has met
  uint16_t together[TCP_NCIRCUMSTANCES] = {};  // for each circumstance those that have stood beside it

  void add(tcps s, tcp_event e, uint16_t circumstances) {
    met[int(s)] |= 1u << int(e);
    amid[int(e)] |= circumstances;
    for (uint32_t left = circumstances; left != 0; left &= left - 1)
      together[__builtin_ctz(left)] |= circumstances;
  }
  bool has(tcps s, tcp_event e) const { return (met[int(s)] >> int(e) & 1) != 0; }
};

}  // namespace kyu
