// TCP's states and the legal edges between them (RFC 9293, 3.3.2 and figure 5; BSD:
// netinet/tcp_fsm.h). The order is BSD's: comparisons such as "before established" rely on it.
#pragma once

#include <cstdint>

namespace kyu {

enum class tcps : uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  close_wait,
  fin_wait_1,
  closing,
  last_ack,
  fin_wait_2,
  time_wait,
};
inline constexpr int TCP_NSTATES = 11;

// As the RFC writes it, such as "SYN-RECEIVED".
const char *tcps_name(tcps);

bool tcps_legal_edge(tcps from, tcps to);

constexpr bool tcps_have_rcvd_syn(tcps s) { return s >= tcps::syn_received; }
constexpr bool tcps_have_rcvd_fin(tcps s) {
  return s == tcps::close_wait || s == tcps::closing || s == tcps::last_ack || s == tcps::time_wait;
}
// May data still be put on the wire, or again?
constexpr bool tcps_may_send(tcps s) {
  return s == tcps::established || s == tcps::close_wait || s == tcps::fin_wait_1 || s == tcps::closing ||
         s == tcps::last_ack;
}

}  // namespace kyu
