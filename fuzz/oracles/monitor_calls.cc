// What the users' calls mean for what may be sent.
#include "oracles/monitor.h"

#include "scenario/calls.h"
#include "socket/sockopt.h"

namespace kyu::fuzz {

void monitor::port_taken(uint16_t port) {
  ports_.add(port);
  any_port_ = any_port_ || port == 0 || ports_.forgot_some();
}

// Meanwhile what is to be sent may have nowhere to leave from.
void monitor::address_changes() {
  address_moves_ = users_may_end_ = blind_ = true;
  names_.doubt();
  files_.doubt();
}

void monitor::server_starts(server s) {
  servers_ = any_port_ = any_may_end_ = users_may_end_ = true;
  echo_ = echo_ || s == server::echo;
  discard_ = discard_ || s == server::discard;
  echo_udp_ = echo_udp_ || s == server::echo_udp;
}

namespace {

// It says how long who is silent may be.
bool may_end(uint16_t option) {
  return option == SO_KEEPALIVE || option == TCP_KEEPIDLE || option == TCP_KEEPINTVL ||
         option == TCP_USER_TIMEOUT;
}

}  // namespace

void monitor::call_begins(const op &o, uint64_t now) {
  arp_.something_happens();
  switch (o.code) {
    case opcode::bind: port_taken(uint16_t(o.arg[2])); break;
    case opcode::tcp_bind: port_taken(uint16_t(o.arg[1])); break;
    case opcode::connect:  // it may be the resolver's socket, or the DHCP client's
      names_.doubt();
      if (o.arg[3] == dhcp_server) dhcp_.set_by_hand();
      [[fallthrough]];
    case opcode::listen: listens_ = listens_ || o.code == opcode::listen; [[fallthrough]];
    case opcode::tcp_connect: any_port_ = true; break;
    case opcode::server: server_starts(server(o.arg[1])); break;
    case opcode::setopt:
      keep_alive_.call_begins(option_of(o), uint32_t(o.arg[3]));
      sizes_buffers_ = sizes_buffers_ || option_of(o) == SO_SNDBUF || option_of(o) == SO_RCVBUF;
      sizes_segments_ = sizes_segments_ || option_of(o) == TCP_MAXSEG;
      nagle_ = nagle_ && option_of(o) != TCP_NODELAY && option_of(o) != TCP_MAXSEG;
      if (may_end(option_of(o))) any_may_end_ = users_may_end_ = true;
      break;
    case opcode::shutdown: half_closes_ = true; [[fallthrough]];
    case opcode::close:
      users_may_end_ = true;
      queue_.forget();
      break;
    case opcode::sendto:
      names_.doubt();
      if (o.arg[3] == dhcp_server) dhcp_.set_by_hand();  // perhaps by the client's own descriptor
      any_udp_port_ = true;
      break;
    case opcode::resolve:
      names_.call_begins(name_of(o));
      any_udp_port_ = true;
      break;
    case opcode::tftp:
      files_.call_begins(addr_ + 1 + uint32_t(o.arg[1]), uint32_t(o.arg[2]));
      any_udp_port_ = true;
      break;
    case opcode::dhcp:
      dhcp_.client_begins(now);
      arp_.address_gone();
      return address_changes();
    case opcode::ifaddr: dhcp_.set_by_hand(); return address_changes();
    default: break;
  }
}

void monitor::everything_closes() {
  closed_ = any_may_end_ = users_may_end_ = true;
  for (tcp_flow &flow : flows()) flow.user_may_leave();
  names_.doubt();
  files_.doubt();
}

void monitor::clients_disturbed() {
  servers_disturbed_ = true;
  names_.doubt();
  files_.doubt();
  dhcp_.set_by_hand();
}

}  // namespace kyu::fuzz
