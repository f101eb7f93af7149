// One segment on its way out, as tcp_output() decided on it. Internal to tcp/.
#pragma once

#include "sys/guarded.h"
#include "tcp/tcp_var.h"

namespace kyu {

struct tcp_outgoing {
  uint32_t off = 0;  // of the data, from snd_una
  uint32_t len = 0;  // of the data
  uint8_t flags = 0;
  uint32_t recwin = 0;  // bytes, as far as the field can say them
  bool send = false;
  bool more = false;       // another full segment may follow
  bool keepalive = false;  // left of the window
  bool stray = false;      // changes nothing of the connection
};

// What a segment says in this state where nothing stands against it (BSD: tcp_outflags).
uint8_t tcp_outflags(tcps state);
// The window to offer, in steps that the field can say; a SYN's is not scaled.
uint32_t tcp_window_to_offer(const tcpcb *, bool syn);
// Builds it, sends it, and moves sequence variables and timers along. err::msgsize: the path takes less;
// err::nobufs: no mbuf, and the retransmission timer will try again; else as ip_output() has it.
NET_LOCKED err tcp_emit(tcpcb *, tcp_outgoing);

}  // namespace kyu
