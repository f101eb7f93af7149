#include "tcp/tcp_event.h"

#include "stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_var.h"

namespace kyu {

static_assert(int(tcp_event::too_big) + 1 == TCP_NEVENTS && TCP_NEVENTS <= 32);
static_assert(int(tcp_circumstance::unheld) + 1 == TCP_NCIRCUMSTANCES && TCP_NCIRCUMSTANCES <= 16);

namespace {

NET_LOCKED uint16_t circumstances_of(const tcpcb *tp) {
  const socket &so = *tcp_socket(tp);
  uint32_t in_flight = uint32_t(tp->snd_max - tp->snd_una);
  bool has_window = tcps_have_rcvd_syn(tp->t_state);
  uint16_t all = 0;
  auto add = [&all](tcp_circumstance c, bool stands) { all |= uint16_t(stands << int(c)); };
  add(tcp_circumstance::duplicates, tp->t_dupacks > 0);
  add(tcp_circumstance::recovery, (tp->t_flags & TF_FASTRECOVERY) != 0);
  add(tcp_circumstance::sacked, tp->t_scoreboard.n > 0);
  add(tcp_circumstance::backed_off, tp->t_rxtshift > 0);
  add(tcp_circumstance::resending, tp->snd_nxt != tp->snd_max);
  add(tcp_circumstance::waiting, so.so_snd.sb_cc > in_flight);
  add(tcp_circumstance::closed, has_window && tp->snd_wnd == 0);
  add(tcp_circumstance::taken_back, has_window && tp->snd_wnd < in_flight);
  add(tcp_circumstance::gap, tp->t_segqlen > 0);
  add(tcp_circumstance::full, sbspace(so.so_rcv) < tp->t_maxseg);
  add(tcp_circumstance::urgent, tp->t_urgent != urgent::none);
  add(tcp_circumstance::deaf, (so.so_state & SS_CANTRCVMORE) != 0);
  add(tcp_circumstance::unheld, (so.so_state & SS_NOFDREF) != 0);
  return all;
}

}  // namespace

void tcp_met(const tcpcb *tp, tcp_event e) {
  tcp_stack(tp).tcp_stat.tcps_cells.add(tp->t_state, e, circumstances_of(tp));
}

const char *tcp_event_name(tcp_event e) {
  switch (e) {
    case tcp_event::syn: return "SYN";
    case tcp_event::syn_ack: return "SYN+ACK";
    case tcp_event::ack: return "ACK";
    case tcp_event::data: return "data";
    case tcp_event::fin: return "FIN";
    case tcp_event::data_fin: return "data+FIN";
    case tcp_event::urgent: return "urgent";
    case tcp_event::reset: return "RST";
    case tcp_event::no_ack: return "no ACK";
    case tcp_event::listen: return "listen";
    case tcp_event::connect: return "connect";
    case tcp_event::send: return "send";
    case tcp_event::send_urgent: return "send urgent";
    case tcp_event::received: return "receive";
    case tcp_event::shutdown: return "shutdown";
    case tcp_event::close: return "close";
    case tcp_event::abort: return "abort";
    case tcp_event::rexmt: return "retransmit";
    case tcp_event::persist: return "persist";
    case tcp_event::keep: return "keep";
    case tcp_event::two_msl: return "2MSL";
    case tcp_event::delack: return "delayed ACK";
    case tcp_event::unreachable: return "unreachable";
    case tcp_event::too_big: return "too big";
  }
  return "?";
}

const char *tcp_circumstance_name(tcp_circumstance c) {
  switch (c) {
    case tcp_circumstance::duplicates: return "duplicate ACKs";
    case tcp_circumstance::recovery: return "recovery";
    case tcp_circumstance::sacked: return "SACK";
    case tcp_circumstance::backed_off: return "back-off";
    case tcp_circumstance::resending: return "sending again";
    case tcp_circumstance::waiting: return "more to send";
    case tcp_circumstance::closed: return "window closed";
    case tcp_circumstance::taken_back: return "taken back";
    case tcp_circumstance::gap: return "gap";
    case tcp_circumstance::full: return "no room";
    case tcp_circumstance::urgent: return "urgent";
    case tcp_circumstance::deaf: return "nobody receives";
    case tcp_circumstance::unheld: return "nobody has it";
  }
  return "?";
}

}  // namespace kyu
