// libkyu_packetdrill.so: this stack, for packetdrill's --so_filename. Each of packetdrill's calls is
// one call of Kyu's API on a thread of a virtual_host.
#include "kyu/kyu.h"
#include "socket/sockopt.h"
#include "stack.h"

#include "packetdrill/virtual_host.h"

namespace kyu::fuzz {

namespace {

// Before the host's headers, which have macros of the same names as the stack has constants.
constexpr uint16_t nonblock_option = SO_NBIO;

}  // namespace

}  // namespace kyu::fuzz

#include "host/posix.h"
#include "host/socket_options.h"
#include "packetdrill/interface.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace kyu::fuzz {

namespace {

virtual_host &of(void *userdata) { return *static_cast<virtual_host *>(userdata); }

ssize_t fail(int e) {
  errno = e;
  return -1;
}

// `body` gives 0 or an errno; the result is `value`, or -1.
template <class Value, class Body>
Value made(void *u, Value &value, Body body) {
  int e = EAGAIN;
  if (!of(u).call([&](Stack &st) { e = body(st); })) e = ENOMEM;
  return e == 0 ? value : Value(fail(e));
}

template <class Body>
int done(void *u, Body body) {
  int zero = 0;
  return made(u, zero, body);
}

// --- sockets

int do_socket(void *u, int domain, int type, int protocol) {
  constexpr int type_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
  int base = type & ~type_flags, fd = -1;
  if (domain != AF_INET) return int(fail(EAFNOSUPPORT));
  bool stream = base == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP);
  bool dgram = base == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP);
  if (!stream && !dgram) return int(fail(EPROTONOSUPPORT));
  return made(u, fd, [&](Stack &st) {
    int e = errno_of(net_socket(st, stream ? sotype::stream : sotype::dgram, &fd));
    if (e == 0 && (type & SOCK_NONBLOCK) != 0) e = errno_of(net_setopt(st, fd, nonblock_option, 1));
    return e;
  });
}

int do_bind(void *u, int fd, const sockaddr *sa, socklen_t len) {
  endpoint local;
  if (!endpoint_from(sa, len, &local)) return int(fail(EINVAL));
  return done(u, [&](Stack &st) { return errno_of(net_bind(st, fd, local)); });
}

int do_listen(void *u, int fd, int backlog) {
  return done(u, [&](Stack &st) { return errno_of(net_listen(st, fd, backlog)); });
}

int do_accept(void *u, int fd, sockaddr *sa, socklen_t *len) {
  int conn = -1;
  endpoint peer;
  made(u, conn, [&](Stack &st) { return errno_of(net_accept(st, fd, true, &conn, &peer)); });
  if (conn >= 0) endpoint_to(peer, sa, len);
  return conn;
}

int do_connect(void *u, int fd, const sockaddr *sa, socklen_t len) {
  endpoint peer;
  if (!endpoint_from(sa, len, &peer)) return int(fail(EINVAL));
  return done(u, [&](Stack &st) { return errno_of(net_connect(st, fd, peer, true)); });
}

int do_close(void *u, int fd) {
  return done(u, [&](Stack &st) { return errno_of(net_close(st, fd)); });
}

int do_shutdown(void *u, int fd, int how) {
  if (how < SHUT_RD || how > SHUT_RDWR) return int(fail(EINVAL));
  return done(u, [&](Stack &st) { return errno_of(net_shutdown(st, fd, shut(how))); });
}

int get_option(Stack &st, int fd, int level, int name, void *value, socklen_t *len) {
  uint32_t v = 0;
  if (level == SOL_SOCKET && name == SO_ERROR) {
    err pending = err::ok;
    int e = errno_of(net_error(st, fd, &pending));
    if (e == 0)
      value_to_host({level, name, 0, socket_option::form::number}, uint32_t(errno_of(pending)), value, len);
    return e;
  }
  const socket_option *o = option_of_host(level, name);
  if (o == nullptr) return ENOPROTOOPT;
  int e = errno_of(net_getopt(st, fd, o->stack, &v));
  if (e == 0) value_to_host(*o, v, value, len);
  return e;
}

int set_option(Stack &st, int fd, int level, int name, const void *value, socklen_t len) {
  const socket_option *o = option_of_host(level, name);
  if (o == nullptr) return ENOPROTOOPT;
  uint32_t v = 0;
  if (int e = value_from_host(*o, value, len, &v); e != 0) return e;
  return errno_of(net_setopt(st, fd, o->stack, v));
}

int do_getsockopt(void *u, int fd, int level, int name, void *value, socklen_t *len) {
  return done(u, [&](Stack &st) { return get_option(st, fd, level, name, value, len); });
}

int do_setsockopt(void *u, int fd, int level, int name, const void *value, socklen_t len) {
  return done(u, [&](Stack &st) { return set_option(st, fd, level, name, value, len); });
}

// --- data

ssize_t receive(void *u, int fd, void *buf, size_t len, int flags, endpoint *from) {
  uint8_t bits = 0;
  uint32_t n = 0;
  if (!flags_from_host(flags, &bits)) return fail(EOPNOTSUPP);
  if (buf == nullptr && len > 0) return fail(EFAULT);
  ssize_t got = 0;
  return made(u, got, [&](Stack &st) {
    int e = errno_of(net_recv(st, fd, {static_cast<uint8_t *>(buf), len}, bits, from, &n));
    got = ssize_t(n);
    return e;
  });
}

ssize_t transmit(void *u, int fd, const void *buf, size_t len, int flags, const endpoint *to) {
  uint8_t bits = 0;
  uint32_t n = 0;
  if (!flags_from_host(flags, &bits)) return fail(EOPNOTSUPP);
  if (buf == nullptr && len > 0) return fail(EFAULT);
  const_bytes data(static_cast<const uint8_t *>(buf), len);
  ssize_t sent = 0;
  return made(u, sent, [&](Stack &st) {
    err e = to != nullptr ? net_sendto(st, fd, data, *to, &n) : net_send(st, fd, data, bits, &n);
    sent = ssize_t(n);
    return errno_of(e);
  });
}

ssize_t do_recv(void *u, int fd, void *buf, size_t len, int flags) {
  return receive(u, fd, buf, len, flags, nullptr);
}

ssize_t do_read(void *u, int fd, void *buf, size_t len) { return receive(u, fd, buf, len, 0, nullptr); }

ssize_t do_recvfrom(void *u, int fd, void *buf, size_t len, int flags, sockaddr *sa, socklen_t *salen) {
  endpoint from;
  ssize_t n = receive(u, fd, buf, len, flags, &from);
  if (n >= 0) endpoint_to(from, sa, salen);
  return n;
}

// Scattered data goes through one buffer: the stack's calls take one piece.
size_t total(const iovec *iov, size_t n) {
  size_t sum = 0;
  for (size_t i = 0; i < n; ++i) sum += iov[i].iov_len;
  return sum;
}

ssize_t scatter(void *u, int fd, const iovec *iov, size_t n, int flags, endpoint *from) {
  std::vector<uint8_t> data(total(iov, n));
  ssize_t got = receive(u, fd, data.data(), data.size(), flags, from);
  size_t at = 0;
  for (size_t i = 0; i < n && got > 0 && at < size_t(got); ++i) {
    size_t part = std::min(iov[i].iov_len, size_t(got) - at);
    memcpy(iov[i].iov_base, &data[at], part);
    at += part;
  }
  return got;
}

ssize_t gather(void *u, int fd, const iovec *iov, size_t n, int flags, const endpoint *to) {
  std::vector<uint8_t> data;
  data.reserve(total(iov, n));
  for (size_t i = 0; i < n; ++i) {
    auto *p = static_cast<const uint8_t *>(iov[i].iov_base);
    data.insert(data.end(), p, p + iov[i].iov_len);
  }
  return transmit(u, fd, data.data(), data.size(), flags, to);
}

ssize_t do_readv(void *u, int fd, const iovec *iov, int n) {
  return n < 0 ? fail(EINVAL) : scatter(u, fd, iov, size_t(n), 0, nullptr);
}

ssize_t do_writev(void *u, int fd, const iovec *iov, int n) {
  return n < 0 ? fail(EINVAL) : gather(u, fd, iov, size_t(n), 0, nullptr);
}

ssize_t do_recvmsg(void *u, int fd, msghdr *m, int flags) {
  endpoint from;
  ssize_t n = scatter(u, fd, m->msg_iov, m->msg_iovlen, flags, &from);
  if (n < 0) return n;
  endpoint_to(from, static_cast<sockaddr *>(m->msg_name), &m->msg_namelen);
  m->msg_controllen = 0;
  m->msg_flags = 0;
  return n;
}

ssize_t do_send(void *u, int fd, const void *buf, size_t len, int flags) {
  return transmit(u, fd, buf, len, flags, nullptr);
}

ssize_t do_write(void *u, int fd, const void *buf, size_t len) { return do_send(u, fd, buf, len, 0); }

ssize_t do_sendto(void *u, int fd, const void *buf, size_t len, int flags, const sockaddr *sa, socklen_t n) {
  endpoint to;
  if (sa == nullptr) return do_send(u, fd, buf, len, flags);
  if (!endpoint_from(sa, n, &to)) return fail(EINVAL);
  return transmit(u, fd, buf, len, flags, &to);
}

ssize_t do_sendmsg(void *u, int fd, const msghdr *m, int flags) {
  endpoint to;
  bool named = endpoint_from(static_cast<const sockaddr *>(m->msg_name), m->msg_namelen, &to);
  return gather(u, fd, m->msg_iov, m->msg_iovlen, flags, named && to.port != 0 ? &to : nullptr);
}

// --- descriptors

int do_fcntl(void *u, int fd, int cmd, ...) {
  va_list args;
  va_start(args, cmd);
  int arg = cmd == F_SETFL ? va_arg(args, int) : 0;
  va_end(args);
  uint32_t nonblock = 0;
  int flags = 0;
  if (cmd == F_GETFL)
    return made(u, flags, [&](Stack &st) {
      int e = errno_of(net_getopt(st, fd, nonblock_option, &nonblock));
      flags = O_RDWR | (nonblock != 0 ? O_NONBLOCK : 0);
      return e;
    });
  if (cmd != F_SETFL) return int(fail(EINVAL));
  return done(u, [&](Stack &st) { return errno_of(net_setopt(st, fd, nonblock_option, arg & O_NONBLOCK)); });
}

// Bytes that wait to be read, or to be acknowledged.
int do_ioctl(void *u, int fd, unsigned long request, ...) {
  va_list args;
  va_start(args, request);
  int *out = va_arg(args, int *);
  va_end(args);
  return done(u, [&](Stack &st) {
    if (request == FIONBIO) return errno_of(net_setopt(st, fd, nonblock_option, *out != 0));
    if (request != FIONREAD && request != TIOCOUTQ) return EINVAL;
    net_status s;
    int e = errno_of(net_state(st, fd, &s));
    if (e == 0) *out = int(request == FIONREAD ? s.rcv_cc : s.snd_cc);
    return e;
  });
}

int do_poll(void *u, pollfd *fds, nfds_t n, int timeout_ms) {
  std::vector<net_pollfd> polled(n);
  for (size_t i = 0; i < n; ++i) polled[i] = {fds[i].fd, events_from_host(fds[i].events), 0};
  uint32_t ready = 0;
  int count = 0;
  made(u, count, [&](Stack &st) {
    ready = net_poll(st, polled, timeout_ms < 0 ? poll_forever : uint32_t(timeout_ms));
    count = int(ready);
    return 0;
  });
  for (size_t i = 0; i < n; ++i) fds[i].revents = events_to_host(polled[i].revents);
  return count;
}

// --- the wire and the clock

int netdev_send(void *u, const void *buf, size_t count) {
  of(u).input({static_cast<const uint8_t *>(buf), count});
  return 0;
}

int netdev_receive(void *u, void *buf, size_t *count, long long *time_usecs) {
  virtual_host::sent_packet p;
  if (!of(u).next_packet(&p)) {
    *count = 0;
    return 0;
  }
  *count = std::min(*count, p.bytes.size());
  memcpy(buf, p.bytes.data(), *count);
  *time_usecs = (long long)p.us;
  return 0;
}

int do_usleep(void *u, useconds_t us) {
  of(u).sleep_us(us);
  return 0;
}

int do_gettimeofday(void *u, timeval *tv, struct timezone *) {
  uint64_t us = of(u).now_us();
  *tv = {time_t(us / 1000000), suseconds_t(us % 1000000)};
  return 0;
}

void do_free(void *u) { delete &of(u); }

// --- what the stack does not have

int no_epoll_create(void *, int) { return int(fail(ENOSYS)); }
int no_epoll_ctl(void *, int, int, int, epoll_event *) { return int(fail(ENOSYS)); }
int no_epoll_wait(void *, int, epoll_event *, int, int) { return int(fail(ENOSYS)); }
int no_pipe(void *, int *) { return int(fail(ENOSYS)); }
int no_splice(void *, int, loff_t *, int, loff_t *, size_t, unsigned) { return int(fail(ENOSYS)); }

// --- --so_flags: "local=192.168.0.1,sndbuf=262144,rcvbuf=16000000"

[[noreturn]] void bad_flags(const char *flags) {
  fprintf(stderr, "kyu_packetdrill: --so_flags=%s: expected local=A.B.C.D, sndbuf=BYTES, rcvbuf=BYTES\n",
          flags);
  exit(2);
}

bool parse_number(std::string_view text, uint32_t *out) {
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return ec == std::errc() && end == text.data() + text.size();
}

bool parse_addr(std::string_view text, uint32_t *out) {
  *out = 0;
  for (int i = 0; i < 4; ++i) {
    size_t dot = i < 3 ? text.find('.') : text.size();
    uint32_t part = 0;
    if (dot == text.npos || !parse_number(text.substr(0, dot), &part) || part > 255) return false;
    *out = *out << 8 | part;
    text.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return true;
}

// packetdrill's own default addresses, and buffers as large as its scripts expect of a host.
stack_config config_for(const char *flags) {
  stack_config c = default_config();
  constexpr uint32_t limits[pool_kinds] = {64, 64, 64, 32768, 16384, 4096, 64, 512};
  for (int k = 0; k < pool_kinds; ++k) c.pools[k].limit = limits[k];
  c.addr = 0xc0a80001;
  c.mask = 0xffff0000;
  c.gateway = 0xc0a800fe;
  c.max_frame = 65535;
  c.buffers = {256 * 1024, 16000000, 16 * 1024 * 1024};
  std::string_view rest = flags != nullptr ? flags : "";
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    std::string_view key = one.substr(0, one.find('=')),
                     value = one.substr(std::min(one.size(), key.size() + 1));
    uint32_t *number = key == "sndbuf" ? &c.buffers.tcp_sendspace : &c.buffers.tcp_recvspace;
    bool ok = key == "local" ? parse_addr(value, &c.addr)
                             : (key == "sndbuf" || key == "rcvbuf") && parse_number(value, number) &&
                                   *number > 0 && *number <= c.buffers.sb_max;
    if (!ok) bad_flags(flags);
  }
  return c;
}

}  // namespace

}  // namespace kyu::fuzz

extern "C" __attribute__((visibility("default"))) void packetdrill_interface_init(
    const char *flags, packetdrill_interface *out) {
  using namespace kyu::fuzz;
  *out = {.userdata = new virtual_host(config_for(flags)),
          .free = do_free,
          .socket = do_socket,
          .bind = do_bind,
          .listen = do_listen,
          .accept = do_accept,
          .connect = do_connect,
          .read = do_read,
          .readv = do_readv,
          .recv = do_recv,
          .recvfrom = do_recvfrom,
          .recvmsg = do_recvmsg,
          .write = do_write,
          .writev = do_writev,
          .send = do_send,
          .sendto = do_sendto,
          .sendmsg = do_sendmsg,
          .fcntl = do_fcntl,
          .ioctl = do_ioctl,
          .close = do_close,
          .shutdown = do_shutdown,
          .getsockopt = do_getsockopt,
          .setsockopt = do_setsockopt,
          .poll = do_poll,
          .netdev_send = netdev_send,
          .netdev_receive = netdev_receive,
          .usleep = do_usleep,
          .gettimeofday = do_gettimeofday,
          .epoll_create = no_epoll_create,
          .epoll_ctl = no_epoll_ctl,
          .epoll_wait = no_epoll_wait,
          .pipe = no_pipe,
          .splice = no_splice};
}
