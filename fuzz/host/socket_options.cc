// The stack has BSD's names for options, and so does the host, whose are macros. So the stack's headers come
// first, what is needed of them is kept under other names, and then the host's.
#include "socket/sockopt.h"
#include "socket/socketvar.h"

namespace kyu::fuzz {

namespace {

constexpr uint16_t reuseaddr = SO_REUSEADDR, keepalive = SO_KEEPALIVE, broadcast = SO_BROADCAST,
                   oobinline = SO_OOBINLINE, acceptconn = SO_ACCEPTCONN, lingering = SO_LINGER,
                   sndbuf = SO_SNDBUF, rcvbuf = SO_RCVBUF, sndlowat = SO_SNDLOWAT, rcvlowat = SO_RCVLOWAT,
                   sndtimeo = SO_SNDTIMEO, rcvtimeo = SO_RCVTIMEO, nodelay = TCP_NODELAY, maxseg = TCP_MAXSEG,
                   user_timeout = TCP_USER_TIMEOUT, keepidle = TCP_KEEPIDLE, keepintvl = TCP_KEEPINTVL,
                   tos = IP_TOS, ttl = IP_TTL;

}  // namespace

}  // namespace kyu::fuzz

#include "host/socket_options.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>

namespace kyu::fuzz {

namespace {

using form = socket_option::form;

constexpr socket_option options[] = {
    {SOL_SOCKET, SO_REUSEADDR, reuseaddr, form::number},
    {SOL_SOCKET, SO_KEEPALIVE, keepalive, form::number},
    {SOL_SOCKET, SO_BROADCAST, broadcast, form::number},
    {SOL_SOCKET, SO_OOBINLINE, oobinline, form::number},
    {SOL_SOCKET, SO_LINGER, lingering, form::linger},
    {SOL_SOCKET, SO_ACCEPTCONN, acceptconn, form::number},
    {SOL_SOCKET, SO_SNDBUF, sndbuf, form::number},
    {SOL_SOCKET, SO_RCVBUF, rcvbuf, form::number},
    {SOL_SOCKET, SO_SNDLOWAT, sndlowat, form::number},
    {SOL_SOCKET, SO_RCVLOWAT, rcvlowat, form::number},
    {SOL_SOCKET, SO_SNDTIMEO, sndtimeo, form::time},
    {SOL_SOCKET, SO_RCVTIMEO, rcvtimeo, form::time},
    {IPPROTO_TCP, TCP_NODELAY, nodelay, form::number},
    {IPPROTO_TCP, TCP_MAXSEG, maxseg, form::number},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout, form::number},
    {IPPROTO_TCP, TCP_KEEPIDLE, keepidle, form::number},
    {IPPROTO_TCP, TCP_KEEPINTVL, keepintvl, form::number},
    {IPPROTO_IP, IP_TOS, tos, form::number},
    {IPPROTO_IP, IP_TTL, ttl, form::number},
};

template <class Which>
const socket_option *find(Which which) {
  const auto *found = std::find_if(std::begin(options), std::end(options), which);
  return found != std::end(options) ? found : nullptr;
}

template <class T>
bool take(const void *from, socklen_t len, T *out) {
  if (len < sizeof *out) return false;
  memcpy(out, from, sizeof *out);
  return true;
}

template <class T>
void give(const T &v, void *to, socklen_t *len) {
  *len = socklen_t(std::min(size_t(*len), sizeof v));
  memcpy(to, &v, *len);
}

}  // namespace

const socket_option *option_of_host(int level, int name) {
  return find([=](const socket_option &o) { return o.level == level && o.name == name; });
}

const socket_option *option_of_stack(uint16_t stack) {
  return find([=](const socket_option &o) { return o.stack == stack; });
}

int value_from_host(const socket_option &o, const void *value, socklen_t len, uint32_t *out) {
  if (o.is == form::linger) {
    linger l;
    if (!take(value, len, &l)) return EINVAL;
    *out = l.l_onoff != 0 ? uint32_t(std::clamp(l.l_linger, 0, int(SO_LINGER_MAX))) + 1 : 0;
  } else if (o.is == form::time) {
    timeval tv;
    if (!take(value, len, &tv)) return EINVAL;
    *out = uint32_t(tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000);
  } else {
    int n;
    if (!take(value, len, &n)) return EINVAL;
    *out = n < 0 ? UINT32_MAX : uint32_t(n);
  }
  return 0;
}

void value_to_host(const socket_option &o, uint32_t v, void *to, socklen_t *len) {
  if (o.is == form::linger)
    give(linger{v != 0, v != 0 ? int(v - 1) : 0}, to, len);
  else if (o.is == form::time)
    give(timeval{time_t(v / 1000), suseconds_t(v % 1000) * 1000}, to, len);
  else
    give(int(v), to, len);
}

}  // namespace kyu::fuzz
