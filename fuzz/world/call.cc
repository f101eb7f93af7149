#include "world/call.h"

#include "kyu/dhcp.h"
#include "kyu/dns.h"
#include "kyu/servers.h"
#include "kyu/tftp.h"
#include "scenario/stream.h"

namespace kyu::fuzz {

namespace {

call_result named(err e, endpoint name, uint64_t more = 0) {
  call_result r(e, more ^ (uint64_t(name.addr) << 16 | name.port));
  if (e == err::ok) r.name = name;
  return r;
}

}  // namespace

endpoint caller::peer_at(int32_t number, int32_t port) const {
  return {number == 0 ? first_peer_ : net_.addr + 1 + uint32_t(number), uint16_t(port)};
}

// On a descriptor that a call has opened.
uint64_t caller::begin_stream(int fd) {
  if (fd >= 0) sent_[size_t(fd)] = 0;
  return uint64_t(int64_t(fd));
}

uint64_t caller::opened(int fd, sotype type) {
  if (fd >= 0) opened_as(fd, type);
  return begin_stream(fd);
}

uint64_t caller::opened_to(int fd, endpoint peer) {
  uint64_t told = opened(fd);
  if (fd >= 0) connected(fd, peer);
  return told;
}

call_result caller::make(const op &o) {
  const auto &a = o.arg;
  int fd = fd_of(o), got = -1;
  endpoint ep;
  switch (o.code) {
    case opcode::socket: {
      sotype type = a[1] == 0 ? sotype::stream : sotype::dgram;
      err e = net_socket(st_, type, &got);
      return {e, opened(got, type)};
    }
    case opcode::bind: return net_bind(st_, fd, {0, uint16_t(a[2])});
    case opcode::listen: return net_listen(st_, fd, a[2]);
    case opcode::accept: {
      err e = net_accept(st_, fd, a[2] != 0, &got, &ep);
      return named(e, ep, opened_to(got, ep) << 48);
    }
    case opcode::connect: {
      call_result r(net_connect(st_, fd, peer_at(a[2], a[3]), a[4] != 0));
      if (r.e == err::ok || r.e == err::inprogress) connected(fd, peer_at(a[2], a[3]));
      r.name = peer_at(a[2], a[3]);
      return r;
    }
    case opcode::shutdown: return net_shutdown(st_, fd, shut(a[2]));
    case opcode::close: return net_close(st_, fd);
    case opcode::ifaddr: return net_ifaddr(st_, {(net_.addr & net_.mask) | uint32_t(a[1]), net_.mask, 0});
    case opcode::resolve:
    case opcode::tftp: return fetch(o);
    case opcode::dhcp: return keep_address();
    case opcode::tcp_bind: return call_result::counting(opened(kyu::tcp_bind(st_, uint16_t(a[1]), a[2])));
    case opcode::tcp_connect:
      return call_result::counting(
          opened_to(kyu::tcp_connect(st_, peer_at(a[1], a[2])), peer_at(a[1], a[2])));
    case opcode::tcp_accept: {
      int accepted = kyu::tcp_accept(st_, fd, &ep);
      return call_result::counting(opened_to(accepted, ep));
    }
    case opcode::server: return call_result::counting(begin_stream(server_start(st_, kyu::server(a[1]))));
    case opcode::send:
    case opcode::sendto:
    case opcode::recv: return move_data(o);
    default: return ask(o);
  }
}

// What a server is asked for: a name's address, or a file.
call_result caller::fetch(const op &o) {
  call_result r;
  if (o.code == opcode::resolve) {
    uint32_t addr = 0;
    r.e = dns_resolve(st_, peer_at(o.arg[1], dns_port), name_of(o), &addr);
    r.value = addr;
    return r;
  }
  bytes to = buffer(uint32_t(o.arg[2]));
  uint32_t n = 0;
  r.e = tftp_get(st_, peer_at(o.arg[1], tftp_port), "image", to, &n);
  r.value = n;
  r.data = to.first(n);
  return r;
}

// Returns only at the end, or when somebody shuts its socket down.
call_result caller::keep_address() {
  auto told = [](void *ctx, const dhcp_lease &l) { static_cast<caller *>(ctx)->leased(l.config.addr); };
  return dhcp_run(st_, {this, told});
}

call_result caller::move_data(const op &o) {
  const auto &a = o.arg;
  int fd = fd_of(o);
  uint32_t n = 0;
  call_result r;
  if (o.code == opcode::send) {
    bytes data = buffer(uint32_t(a[2]));
    fill_stream(user_stream, fd >= 0 ? sent_[size_t(fd)] : 0, data);
    r.e = net_send(st_, fd, data, uint8_t(a[3]), &n);
    if (fd >= 0) sent_[size_t(fd)] += n;
    if (r.e == err::ok) datagram_sent(fd, data, {});
  } else if (o.code == opcode::sendto) {
    bytes data = buffer(uint32_t(a[4]));
    fill_stream(user_stream, 0, data);
    r.e = net_sendto(st_, fd, data, peer_at(a[2], a[3]), &n);
    if (r.e == err::ok) datagram_sent(fd, data, peer_at(a[2], a[3]));
  } else {
    bytes data = buffer(uint32_t(a[2]));
    endpoint from;
    r.e = net_recv(st_, fd, data, uint8_t(a[3]), &from, &n);
    r.data = data.first(n);
    if (r.e == err::ok) r.name = from;
  }
  r.value = n;
  return r;
}

// Calls about a descriptor's state, which they hardly change.
call_result caller::ask(const op &o) {
  Stack &st = st_;
  int fd = fd_of(o);
  endpoint ep;
  err e = err::ok;
  uint64_t value = 0;
  switch (o.code) {
    case opcode::setopt: e = net_setopt(st, fd, option_of(o), uint32_t(o.arg[3])); break;
    case opcode::getopt: {
      uint32_t n = 0;
      e = net_getopt(st, fd, option_of(o), &n);
      value = n;
      break;
    }
    case opcode::peername: e = net_peername(st, fd, &ep); return named(e, ep);
    case opcode::sockname: e = net_sockname(st, fd, &ep); return named(e, ep);
    case opcode::state: {
      net_status s;
      e = net_state(st, fd, &s);
      call_result r(e, uint64_t(s.state) << 40 ^ uint64_t(s.readable) << 33 ^ uint64_t(s.writeable) << 32 ^
                           uint64_t(s.rcv_cc) << 16 ^ s.snd_cc);
      if (e == err::ok) r.status = s;
      return r;
    }
    case opcode::error: {
      err pending = err::ok;
      e = net_error(st, fd, &pending);
      value = uint64_t(pending);
      break;
    }
    case opcode::poll: {
      net_pollfd p{fd, polled_events(o)};
      value = net_poll(st, {&p, 1}, uint32_t(o.arg[3]));
      value = value << 8 | p.revents;
      break;
    }
    default: break;
  }
  return {e, value};
}

}  // namespace kyu::fuzz
