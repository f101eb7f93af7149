#include "socket/protosw.h"

#include "socket/sockopt.h"
#include "stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_var.h"
#include "udp/udp_var.h"

namespace kyu {

namespace {

bool is_tcp(const socket *so) { return so->so_type == sotype::stream; }

}  // namespace

err pru_attach(socket *so) { return is_tcp(so) ? tcp_attach(so) : udp_attach(so); }

void pru_detach(socket *so) { is_tcp(so) ? tcp_usr_detach(so) : udp_detach(so); }

err pru_bind(socket *so, endpoint local) { return in_pcbbind(sotoinpcb(so), local); }

err pru_listen(socket *so) { return tcp_usr_listen(so); }

err pru_connect(socket *so, endpoint peer) {
  return is_tcp(so) ? tcp_usr_connect(so, peer) : udp_connect(so, peer);
}

err pru_disconnect(socket *so) {
  if (!is_tcp(so)) return udp_disconnect(so);
  tcp_disconnect(intotcpcb(sotoinpcb(so)));
  return err::ok;
}

err pru_shutdown(socket *so) {
  if (is_tcp(so)) return tcp_usr_shutdown(so);
  socantsendmore(so);
  return err::ok;
}

void pru_abort(socket *so) {
  if (!is_tcp(so)) return udp_detach(so);
  tcpcb *tp = intotcpcb(sotoinpcb(so));
  tcp_drop(tp, err::connaborted);
}

void pru_rcvd(socket *so) {
  if (is_tcp(so)) tcp_usr_rcvd(so);
}

err pru_send(socket *so, mbuf *m, const endpoint *to, bool oob, bool more) {
  return is_tcp(so) ? tcp_usr_send(so, m, oob, more) : udp_output(so, m, to);
}

err pru_rcvoob(socket *so, uint8_t *byte, bool peek) { return tcp_usr_rcvoob(so, byte, peek); }

err pru_peeraddr(socket *so, endpoint *peer) {
  *peer = {};
  if (so->so_pcb == nullptr || sotoinpcb(so)->inp_faddr.port == 0) return err::notconn;
  *peer = sotoinpcb(so)->inp_faddr;
  return err::ok;
}

err pru_sockaddr(socket *so, endpoint *local) {
  *local = {};
  if (so->so_pcb == nullptr) return err::inval;
  *local = sotoinpcb(so)->inp_laddr;
  return err::ok;
}

err pru_setopt(socket *so, uint16_t option, uint32_t value) {
  if (so->so_pcb == nullptr) return err::inval;
  inpcb *inp = sotoinpcb(so);
  switch (option) {
    case IP_TOS:
    case IP_TTL:
      if (value > UINT8_MAX || (option == IP_TTL && value == 0)) return err::inval;
      (option == IP_TOS ? inp->inp_tos : inp->inp_ttl) = uint8_t(value);
      return err::ok;
    default: return is_tcp(so) ? tcp_setopt(intotcpcb(inp), option, value) : err::noprotoopt;
  }
}

err pru_getopt(const socket *so, uint16_t option, uint32_t *value) {
  if (so->so_pcb == nullptr) return err::inval;
  const inpcb *inp = sotoinpcb(so);
  switch (option) {
    case IP_TOS: *value = inp->inp_tos; return err::ok;
    case IP_TTL: *value = inp->inp_ttl; return err::ok;
    default: return is_tcp(so) ? tcp_getopt(intotcpcb(inp), option, value) : err::noprotoopt;
  }
}

}  // namespace kyu
