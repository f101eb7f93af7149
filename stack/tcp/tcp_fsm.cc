#include "tcp/tcp_fsm.h"

namespace kyu {

namespace {

constexpr uint16_t bit(tcps s) { return uint16_t(1u << int(s)); }

// From each state, the states that may follow. CLOSED may follow any: abort, reset, time-out.
constexpr uint16_t edges[TCP_NSTATES] = {
    /* closed       */ uint16_t(bit(tcps::listen) | bit(tcps::syn_sent)),
    /* listen       */ uint16_t(bit(tcps::syn_received) | bit(tcps::syn_sent)),
    /* syn_sent     */ uint16_t(bit(tcps::syn_received) | bit(tcps::established)),
    /* syn_received */ uint16_t(bit(tcps::established) | bit(tcps::fin_wait_1)),
    /* established  */ uint16_t(bit(tcps::fin_wait_1) | bit(tcps::close_wait)),
    /* close_wait   */ bit(tcps::last_ack),
    /* fin_wait_1   */ uint16_t(bit(tcps::fin_wait_2) | bit(tcps::closing) | bit(tcps::time_wait)),
    /* closing      */ bit(tcps::time_wait),
    /* last_ack     */ 0,
    /* fin_wait_2   */ bit(tcps::time_wait),
    /* time_wait    */ 0,
};

}  // namespace

bool tcps_legal_edge(tcps from, tcps to) { return to == tcps::closed || (edges[int(from)] & bit(to)) != 0; }

const char *tcps_name(tcps s) {
  switch (s) {
    case tcps::closed: return "CLOSED";
    case tcps::listen: return "LISTEN";
    case tcps::syn_sent: return "SYN-SENT";
    case tcps::syn_received: return "SYN-RECEIVED";
    case tcps::established: return "ESTABLISHED";
    case tcps::close_wait: return "CLOSE-WAIT";
    case tcps::fin_wait_1: return "FIN-WAIT-1";
    case tcps::closing: return "CLOSING";
    case tcps::last_ack: return "LAST-ACK";
    case tcps::fin_wait_2: return "FIN-WAIT-2";
    case tcps::time_wait: return "TIME-WAIT";
  }
  return "?";
}

}  // namespace kyu
