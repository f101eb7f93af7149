#include "tcp/tcp_event.h"

namespace kyu {

static_assert(int(tcp_event::too_big) + 1 == TCP_NEVENTS && TCP_NEVENTS <= 32);

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

}  // namespace kyu
