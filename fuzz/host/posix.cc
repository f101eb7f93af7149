#include "host/posix.h"

#include "kyu/kyu.h"

namespace kyu::fuzz {

namespace {

// Before the host's header, which has macros of the same names.
constexpr uint8_t stack_events[] = {POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL};

}  // namespace

}  // namespace kyu::fuzz

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace kyu::fuzz {

namespace {

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

struct flag_pair {
  uint8_t stack;
  int host;
};
// Both sides have the same names, so that each must say whose it means.
constexpr flag_pair flags[] = {{kyu::MSG_OOB, ::MSG_OOB},
                               {kyu::MSG_PEEK, ::MSG_PEEK},
                               {kyu::MSG_WAITALL, ::MSG_WAITALL},
                               {kyu::MSG_DONTWAIT, ::MSG_DONTWAIT}};
constexpr short host_events[] = {POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL};
static_assert(std::size(host_events) == std::size(stack_events));
constexpr int harmless = ::MSG_NOSIGNAL | ::MSG_MORE;  // no signals here; more data is only a hint

}  // namespace

int errno_of(err e) {
  for (const errno_pair &p : errnos)
    if (p.from == e) return p.to;
  return EIO;
}

err err_of(int host_errno) {
  for (const errno_pair &p : errnos)
    if (p.to == host_errno) return p.from;
  return err::count;
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

bool flags_from_host(int posix, uint8_t *out) {
  *out = 0;
  int rest = posix & ~harmless;
  for (const flag_pair &f : flags)
    if ((rest & f.host) != 0) {
      *out |= f.stack;
      rest &= ~f.host;
    }
  return rest == 0;
}

int flags_to_host(uint8_t stack) {
  int host = 0;
  for (const flag_pair &f : flags)
    if ((stack & f.stack) != 0) host |= f.host;
  return host;
}

uint8_t events_from_host(short posix) {
  uint8_t out = 0;
  for (size_t i = 0; i < std::size(host_events); ++i)
    if (posix & host_events[i]) out |= stack_events[i];
  return out;
}

short events_to_host(uint8_t events) {
  short out = 0;
  for (size_t i = 0; i < std::size(host_events); ++i)
    if (events & stack_events[i]) out = short(out | host_events[i]);
  return out;
}

}  // namespace kyu::fuzz
