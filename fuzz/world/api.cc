// API ops: one call of Kyu's API each, made on a user thread.
#include "kyu/dhcp.h"
#include "kyu/dns.h"
#include "kyu/kyu.h"
#include "kyu/servers.h"
#include "kyu/tftp.h"
#include "socket/sockopt.h"
#include "watch/poison.h"
#include "world/stream.h"
#include "world/world.h"

namespace kyu::fuzz {

namespace {

constexpr uint16_t option_of[] = {SO_REUSEADDR,     SO_KEEPALIVE, SO_BROADCAST,  SO_LINGER,     SO_OOBINLINE,
                                  SO_SNDBUF,        SO_RCVBUF,    SO_SNDLOWAT,   SO_RCVLOWAT,   SO_SNDTIMEO,
                                  SO_RCVTIMEO,      TCP_NODELAY,  TCP_MAXSEG,    SO_ACCEPTCONN, SO_NBIO,
                                  TCP_USER_TIMEOUT, TCP_KEEPIDLE, TCP_KEEPINTVL, IP_TOS,        IP_TTL};

constexpr uint8_t poll_events[] = {POLLIN, POLLOUT, POLLIN | POLLOUT, POLLPRI};

int fd_of(const op &o) { return o.arg[1] == 9 ? -1 : o.arg[1]; }

uint64_t number_of(endpoint e) { return uint64_t(e.addr) << 16 | e.port; }

}  // namespace

void world::result(const op &o, uint64_t value) {
  digest_.add(uint64_t(o.code) << 56 ^ value);
  digest_.add(sched_.now());
  if (trace_ != nullptr) trace_->note(sched_.now(), to_line(o) + " = " + std::to_string(int64_t(value)));
}

void world::result(const op &o, err e, uint64_t value) {
  digest_.add(uint64_t(o.code) << 56 ^ uint64_t(e) << 48 ^ value);
  digest_.add(sched_.now());
  if (trace_ == nullptr) return;
  std::string text = e == err::ok ? std::to_string(value) : err_name(e);
  trace_->note(sched_.now(), to_line(o) + " = " + text);
}

// Each user has a buffer of its own, since it may sleep in a call that uses it.
bytes world::buffer_of(const op &o, uint32_t len) {
  user &u = users_[size_t(o.arg[0])];
  watch::move_fence(u.data.get(), u.len, len);
  u.len = len;
  return {u.data.get(), len};
}

endpoint world::peer_at(int32_t number, int32_t port) const {
  return {peers_[size_t(number)].addr(), uint16_t(port)};
}

// A descriptor that a call has opened begins a new stream.
uint64_t world::opened(int fd) {
  if (fd >= 0) sent_[size_t(fd)] = 0;
  return uint64_t(int64_t(fd));
}

void world::make_call(const op &o) {
  Stack &st = *stack_;
  const auto &a = o.arg;
  int fd = fd_of(o), got = -1;
  endpoint ep;
  switch (o.code) {
    case opcode::socket: {
      err e = net_socket(st, a[1] == 0 ? sotype::stream : sotype::dgram, &got);
      return result(o, e, opened(got));
    }
    case opcode::bind: return result(o, net_bind(st, fd, {0, uint16_t(a[2])}), 0);
    case opcode::listen: return result(o, net_listen(st, fd, a[2]), 0);
    case opcode::accept: {
      err e = net_accept(st, fd, a[2] != 0, &got, &ep);
      return result(o, e, opened(got) << 48 ^ number_of(ep));
    }
    case opcode::connect: return result(o, net_connect(st, fd, peer_at(a[2], a[3]), a[4] != 0), 0);
    case opcode::shutdown: return result(o, net_shutdown(st, fd, shut(a[2])), 0);
    case opcode::close: return result(o, net_close(st, fd), 0);
    case opcode::ifaddr: {
      uint32_t addr = (config_.addr & config_.mask) | uint32_t(a[1]);
      return result(o, net_ifaddr(st, {addr, config_.mask, 0}), 0);
    }
    case opcode::resolve: {
      static constexpr const char *names[] = {"www.example.com", "WWW.Example.COM.", "a..b", "x"};
      uint32_t addr = 0;
      err e = dns_resolve(st, peer_at(a[1], dns_port), names[a[2]], &addr);
      return result(o, e, addr);
    }
    case opcode::tftp: {
      bytes to = buffer_of(o, uint32_t(a[2]));
      uint32_t n = 0;
      err e = tftp_get(st, peer_at(a[1], tftp_port), "image", to, &n);
      digest_.add(to.first(n));
      return result(o, e, n);
    }
    case opcode::dhcp: return keep_address(o);
    case opcode::tcp_bind: return result(o, opened(kyu::tcp_bind(st, uint16_t(a[1]), a[2])));
    case opcode::tcp_connect: return result(o, opened(kyu::tcp_connect(st, peer_at(a[1], a[2]))));
    case opcode::tcp_accept: return result(o, opened(kyu::tcp_accept(st, fd, &ep)));
    case opcode::server: return result(o, opened(server_start(st, kyu::server(a[1]))));
    case opcode::send:
    case opcode::sendto:
    case opcode::recv: return move_data(o);
    default: return ask(o);
  }
}

// What the call that a thread sleeps in waits for.
void world::add_call(const op &o, sleeper &s) const {
  if (o.code == opcode::recv) {
    s.want = uint32_t(o.arg[2]);
    s.wants_all = (o.arg[3] & MSG_WAITALL) != 0;
  } else if (o.code == opcode::poll && fd_of(o) >= 0) {
    s.polls = stack_->files.fd[size_t(fd_of(o))].f_so;
    s.events = poll_events[o.arg[2]];
  }
}

// Returns only at the end, or when somebody shuts its socket down.
void world::keep_address(const op &o) {
  struct watching {
    world &w;
    const op &o;
  } mine{*this, o};
  auto told = [](void *ctx, const dhcp_lease &l) {
    auto *m = static_cast<watching *>(ctx);
    m->w.result(m->o, uint64_t(l.config.addr));
  };
  result(o, dhcp_run(*stack_, {&mine, told}), 0);
}

void world::move_data(const op &o) {
  const auto &a = o.arg;
  int fd = fd_of(o);
  uint32_t n = 0;
  err e;
  if (o.code == opcode::send) {
    bytes data = buffer_of(o, uint32_t(a[2]));
    fill_stream(user_stream, fd >= 0 ? sent_[size_t(fd)] : 0, data);
    e = net_send(*stack_, fd, data, uint8_t(a[3]), &n);
    if (fd >= 0) sent_[size_t(fd)] += n;
  } else if (o.code == opcode::sendto) {
    bytes data = buffer_of(o, uint32_t(a[4]));
    fill_stream(user_stream, 0, data);
    e = net_sendto(*stack_, fd, data, peer_at(a[2], a[3]), &n);
  } else {
    bytes data = buffer_of(o, uint32_t(a[2]));
    endpoint from;
    e = net_recv(*stack_, fd, data, uint8_t(a[3]), &from, &n);
    digest_.add(data.first(n));
  }
  result(o, e, n);
}

// Calls about a descriptor's state, which they hardly change.
void world::ask(const op &o) {
  Stack &st = *stack_;
  int fd = fd_of(o);
  endpoint ep;
  err e = err::ok;
  uint64_t value = 0;
  switch (o.code) {
    case opcode::setopt: e = net_setopt(st, fd, option_of[o.arg[2]], uint32_t(o.arg[3])); break;
    case opcode::getopt: {
      uint32_t n = 0;
      e = net_getopt(st, fd, option_of[o.arg[2]], &n);
      value = n;
      break;
    }
    case opcode::peername:
      e = net_peername(st, fd, &ep);
      value = number_of(ep);
      break;
    case opcode::sockname:
      e = net_sockname(st, fd, &ep);
      value = number_of(ep);
      break;
    case opcode::state: {
      net_status s;
      e = net_state(st, fd, &s);
      value = uint64_t(s.state) << 40 ^ uint64_t(s.readable) << 33 ^ uint64_t(s.writeable) << 32 ^
              uint64_t(s.rcv_cc) << 16 ^ s.snd_cc;
      break;
    }
    case opcode::error: {
      err pending = err::ok;
      e = net_error(st, fd, &pending);
      value = uint64_t(pending);
      break;
    }
    case opcode::poll: {
      net_pollfd p{fd, poll_events[o.arg[2]]};
      value = net_poll(st, {&p, 1}, uint32_t(o.arg[3]));
      value = value << 8 | p.revents;
      break;
    }
    default: return;
  }
  result(o, e, value);
}

}  // namespace kyu::fuzz
