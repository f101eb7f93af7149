// What happens to a connection, from wherever: a segment, the user, a timer, ICMP (RFC 9293, 3.10). Which
// event has met which state says how much of TCP a scenario has reached, where lines of code do not.
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

// For each state the events that have met it, as bits.
struct tcp_cells {
  uint32_t met[TCP_NSTATES] = {};

  void add(tcps s, tcp_event e) { met[int(s)] |= 1u << int(e); }
  bool has(tcps s, tcp_event e) const { return (met[int(s)] >> int(e) & 1) != 0; }
};

}  // namespace kyu
