// The stack has BSD's names for flags and options, and so does the host, whose are macros. So the
// stack's headers come first, what is needed of them is kept under other names, and then the host's.
#include "kyu/kyu.h"
#include "socket/sockopt.h"

namespace kyu::fuzz {

namespace {

enum class form : uint8_t { number, linger, time };

struct stack_option {
  uint16_t option;
  form how;
};
constexpr stack_option reuseaddr{SO_REUSEADDR, form::number}, keepalive{SO_KEEPALIVE, form::number},
    broadcast{SO_BROADCAST, form::number}, oobinline{SO_OOBINLINE, form::number},
    acceptconn{SO_ACCEPTCONN, form::number}, lingering{SO_LINGER, form::linger},
    sndbuf{SO_SNDBUF, form::number}, rcvbuf{SO_RCVBUF, form::number}, sndlowat{SO_SNDLOWAT, form::number},
    rcvlowat{SO_RCVLOWAT, form::number}, sndtimeo{SO_SNDTIMEO, form::time}, rcvtimeo{SO_RCVTIMEO, form::time},
    nodelay{TCP_NODELAY, form::number}, maxseg{TCP_MAXSEG, form::number},
    user_timeout{TCP_USER_TIMEOUT, form::number}, keepidle{TCP_KEEPIDLE, form::number},
    keepintvl{TCP_KEEPINTVL, form::number}, tos{IP_TOS, form::number}, ttl{IP_TTL, form::number};
constexpr uint8_t stack_oob = MSG_OOB, stack_peek = MSG_PEEK, stack_waitall = MSG_WAITALL,
                  stack_dontwait = MSG_DONTWAIT;

}  // namespace

}  // namespace kyu::fuzz

#include "packetdrill/posix.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>

namespace kyu::fuzz {

namespace {

struct host_option {
  int level, name;
  stack_option is;
};
constexpr host_option options[] = {
    {SOL_SOCKET, SO_REUSEADDR, reuseaddr},
    {SOL_SOCKET, SO_KEEPALIVE, keepalive},
    {SOL_SOCKET, SO_BROADCAST, broadcast},
    {SOL_SOCKET, SO_OOBINLINE, oobinline},
    {SOL_SOCKET, SO_LINGER, lingering},
    {SOL_SOCKET, SO_ACCEPTCONN, acceptconn},
    {SOL_SOCKET, SO_SNDBUF, sndbuf},
    {SOL_SOCKET, SO_RCVBUF, rcvbuf},
    {SOL_SOCKET, SO_SNDLOWAT, sndlowat},
    {SOL_SOCKET, SO_RCVLOWAT, rcvlowat},
    {SOL_SOCKET, SO_SNDTIMEO, sndtimeo},
    {SOL_SOCKET, SO_RCVTIMEO, rcvtimeo},
    {IPPROTO_TCP, TCP_NODELAY, nodelay},
    {IPPROTO_TCP, TCP_MAXSEG, maxseg},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout},
    {IPPROTO_TCP, TCP_KEEPIDLE, keepidle},
    {IPPROTO_TCP, TCP_KEEPINTVL, keepintvl},
    {IPPROTO_IP, IP_TOS, tos},
    {IPPROTO_IP, IP_TTL, ttl},
};

const host_option *find_option(int level, int name) {
  for (const host_option &o : options)
    if (o.level == level && o.name == name) return &o;
  return nullptr;
}

struct errno_pair {
  err from;
  int to;
};
constexpr errno_pair errnos[] = {
    {err::ok, 0},
    {err::badf, EBADF},
    {err::inval, EINVAL},
    {err::again, EAGAIN},
    {err::nobufs, ENOBUFS},
    {err::nfile, ENFILE},
    {err::opnotsupp, EOPNOTSUPP},
    {err::addrinuse, EADDRINUSE},
    {err::addrnotavail, EADDRNOTAVAIL},
    {err::afnosupport, EAFNOSUPPORT},
    {err::isconn, EISCONN},
    {err::notconn, ENOTCONN},
    {err::already, EALREADY},
    {err::inprogress, EINPROGRESS},
    {err::connrefused, ECONNREFUSED},
    {err::connreset, ECONNRESET},
    {err::connaborted, ECONNABORTED},
    {err::timedout, ETIMEDOUT},
    {err::pipe, EPIPE},
    {err::destaddrreq, EDESTADDRREQ},
    {err::msgsize, EMSGSIZE},
    {err::netunreach, ENETUNREACH},
    {err::hostunreach, EHOSTUNREACH},
    {err::netdown, ENETDOWN},
    {err::noprotoopt, ENOPROTOOPT},
};
static_assert(std::size(errnos) == size_t(err::count));

// SO_LINGER and the time-outs have structs on the host, and numbers in the stack.
int value_from(form how, const void *value, socklen_t len, uint32_t *out) {
  if (how == form::linger) {
    linger l;
    if (len < sizeof l) return EINVAL;
    memcpy(&l, value, sizeof l);
    *out = l.l_onoff != 0 ? uint32_t(std::clamp(l.l_linger, 0, int(SO_LINGER_MAX))) + 1 : 0;
  } else if (how == form::time) {
    timeval tv;
    if (len < sizeof tv) return EINVAL;
    memcpy(&tv, value, sizeof tv);
    *out = uint32_t(tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000);
  } else {
    int n;
    if (len < sizeof n) return EINVAL;
    memcpy(&n, value, sizeof n);
    *out = n < 0 ? UINT32_MAX : uint32_t(n);
  }
  return 0;
}

template <class T>
void give(const T &v, void *to, socklen_t *len) {
  *len = socklen_t(std::min(size_t(*len), sizeof v));
  memcpy(to, &v, *len);
}

void value_to(form how, uint32_t v, void *to, socklen_t *len) {
  if (how == form::linger)
    give(linger{v != 0, v != 0 ? int(v - 1) : 0}, to, len);
  else if (how == form::time)
    give(timeval{long(v / 1000), long(v % 1000) * 1000}, to, len);
  else
    give(int(v), to, len);
}

}  // namespace

int errno_of(err e) {
  for (const errno_pair &p : errnos)
    if (p.from == e) return p.to;
  return EIO;
}

bool endpoint_from(const sockaddr *sa, socklen_t len, endpoint *out) {
  sockaddr_in in;
  if (sa == nullptr || len < sizeof in) return false;
  memcpy(&in, sa, sizeof in);
  if (in.sin_family != AF_INET) return false;
  *out = {ntohl(in.sin_addr.s_addr), ntohs(in.sin_port)};
  return true;
}

void endpoint_to(endpoint e, sockaddr *to, socklen_t *len) {
  if (to == nullptr || len == nullptr) return;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(e.addr);
  in.sin_port = htons(e.port);
  memcpy(to, &in, std::min(size_t(*len), sizeof in));
  *len = sizeof in;
}

bool message_flags(int posix, uint8_t *out) {
  constexpr int harmless = MSG_NOSIGNAL | MSG_MORE;  // no signals here; more data is only a hint
  constexpr int known = MSG_OOB | MSG_PEEK | MSG_WAITALL | MSG_DONTWAIT;
  *out = uint8_t((posix & MSG_OOB ? stack_oob : 0) | (posix & MSG_PEEK ? stack_peek : 0) |
                 (posix & MSG_WAITALL ? stack_waitall : 0) | (posix & MSG_DONTWAIT ? stack_dontwait : 0));
  return (posix & ~(known | harmless)) == 0;
}

int set_option(Stack &st, int fd, int level, int name, const void *value, socklen_t len) {
  const host_option *o = find_option(level, name);
  if (o == nullptr) return ENOPROTOOPT;
  uint32_t v = 0;
  if (int e = value_from(o->is.how, value, len, &v); e != 0) return e;
  return errno_of(net_setopt(st, fd, o->is.option, v));
}

int get_option(Stack &st, int fd, int level, int name, void *value, socklen_t *len) {
  if (level == SOL_SOCKET && name == SO_ERROR) {
    err pending = err::ok;
    int e = errno_of(net_error(st, fd, &pending));
    if (e == 0) give(errno_of(pending), value, len);
    return e;
  }
  const host_option *o = find_option(level, name);
  if (o == nullptr) return ENOPROTOOPT;
  uint32_t v = 0;
  int e = errno_of(net_getopt(st, fd, o->is.option, &v));
  if (e == 0) value_to(o->is.how, v, value, len);
  return e;
}

}  // namespace kyu::fuzz
