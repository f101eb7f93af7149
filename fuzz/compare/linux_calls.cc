#include "compare/linux_calls.h"

#include "scenario/calls.h"
#include "scenario/stream.h"

// Behind the stack's headers: the host's have macros of the same names.
#include "host/posix.h"
#include "host/socket_options.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

namespace kyu::fuzz {

namespace {

sockaddr address(uint32_t addr, uint16_t port) {
  sockaddr a{};
  socklen_t len = sizeof a;
  endpoint_to({addr, port}, &a, &len);
  return a;
}

void set_blocking(int fd, bool blocks) {
  int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

int set_option(int fd, const op &o) {
  const socket_option *host = option_of_stack(option_of(o));
  if (host == nullptr) return set_blocking(fd, o.arg[3] == 0), 0;
  uint8_t value[sizeof(timeval)];
  socklen_t len = sizeof value;
  value_to_host(*host, uint32_t(o.arg[3]), value, &len);
  return setsockopt(fd, host->level, host->name, value, len);
}

int get_option(int fd, const op &o, uint32_t *v) {
  const socket_option *host = option_of_stack(option_of(o));
  if (host == nullptr) return *v = (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, 0;
  uint8_t value[sizeof(timeval)] = {};
  socklen_t len = sizeof value;
  if (getsockopt(fd, host->level, host->name, value, &len) != 0) return -1;
  errno = value_from_host(*host, value, len, v);
  return errno != 0 ? -1 : 0;
}

}  // namespace

bool linux_has(opcode c) {
  switch (c) {
    case opcode::state:
    case opcode::ifaddr:
    case opcode::resolve:
    case opcode::tftp:
    case opcode::dhcp:
    case opcode::server: return false;
    default: return is_api(c);
  }
}

linux_calls::~linux_calls() {
  for (int fd : fds_)
    if (fd != none) close(fd);
}

std::string linux_calls::make(const op &o) {
  errno = 0;
  result r = call(o);
  if (r.counts) return r.error != 0 ? "-1" : std::to_string(r.value);
  if (r.error == 0) return std::to_string(r.value);
  const char *name = strerrorname_np(r.error);
  return name != nullptr ? name : std::to_string(r.error);
}

int linux_calls::number_of(const op &o) const { return o.arg[1] == 9 ? none : o.arg[1]; }

int linux_calls::real(int number) {
  std::scoped_lock lock(mutex_);
  return number >= 0 && size_t(number) < most ? fds_[size_t(number)] : none;
}

linux_calls::result linux_calls::opened(int fd) {
  if (fd < 0) return {errno, 0};
  std::scoped_lock lock(mutex_);
  for (size_t i = 0; i < most; ++i)
    if (fds_[i] == none) {
      fds_[i] = fd;
      sent_[i] = 0;
      return {0, i};
    }
  close(fd);
  return {ENFILE, 0};
}

linux_calls::result linux_calls::forget(int number) {
  int fd = real(number);
  {
    std::scoped_lock lock(mutex_);
    fds_[size_t(number)] = none;
  }
  return {::close(fd) != 0 ? errno : 0, 0};
}

// An end of a connection as results show it: address and port in one number.
uint64_t linux_calls::end_of(int fd, bool other) const {
  sockaddr a{};
  socklen_t len = sizeof a;
  if ((other ? getpeername(fd, &a, &len) : getsockname(fd, &a, &len)) != 0) return UINT64_MAX;
  endpoint e;
  return endpoint_from(&a, len, &e) ? uint64_t(e.addr) << 16 | e.port : UINT64_MAX;
}

linux_calls::result linux_calls::call(const op &o) {
  auto ended = [](int failed) { return result{failed != 0 ? errno : 0, 0}; };
  int fd = real(number_of(o));
  switch (o.code) {
    case opcode::socket: return open_socket(o);
    case opcode::bind: {
      sockaddr a = address(0, uint16_t(o.arg[2]));
      return ended(::bind(fd, &a, sizeof a));
    }
    case opcode::listen: return ended(::listen(fd, o.arg[2]));
    case opcode::accept: return accept_one(o, o.arg[2] != 0);
    case opcode::connect: return connect_to(fd, o.arg[2], o.arg[3], o.arg[4] != 0);
    case opcode::shutdown: return ended(::shutdown(fd, o.arg[2]));
    case opcode::close: {
      if (fd == none) return {EBADF, 0};
      return forget(number_of(o));
    }
    case opcode::tcp_bind: return bind_and_listen(o);
    case opcode::tcp_connect: {
      result made = opened(::socket(AF_INET, SOCK_STREAM, 0));  // has its number from the beginning, as Kyu's
      made.counts = true;
      if (made.error != 0) return made;
      result r = connect_to(real(int(made.value)), o.arg[1], o.arg[2], true);
      if (r.error != 0) forget(int(made.value));
      r.value = made.value;
      r.counts = true;
      return r;
    }
    case opcode::tcp_accept: {
      result r = accept_one(o, true);
      r.value &= 0xffff;
      r.counts = true;
      return r;
    }
    case opcode::send:
    case opcode::sendto:
    case opcode::recv: return move_data(o);
    case opcode::setopt:
    case opcode::getopt: return option(o);
    default: return ask(o);
  }
}

linux_calls::result linux_calls::open_socket(const op &o) {
  return opened(::socket(AF_INET, o.arg[1] == 0 ? SOCK_STREAM : SOCK_DGRAM, 0));
}

linux_calls::result linux_calls::accept_one(const op &o, bool wait) {
  int listener = real(number_of(o));
  if (!wait) set_blocking(listener, false);
  int fd = ::accept(listener, nullptr, nullptr);
  int failed = errno;
  if (!wait) set_blocking(listener, true);
  errno = failed;
  result r = opened(fd);
  // As a world shows it: what was got above the peer's address.
  if (r.error == 0) r.value = o.code == opcode::accept ? r.value << 48 ^ end_of(fd, true) : r.value;
  return r;
}

linux_calls::result linux_calls::connect_to(int fd, int32_t peer, int32_t port, bool wait) {
  sockaddr a = address(addr_ + 1 + uint32_t(peer), uint16_t(port));
  if (!wait) set_blocking(fd, false);
  int failed = ::connect(fd, &a, sizeof a), why = errno;
  if (!wait) set_blocking(fd, true);
  return {failed != 0 ? why : 0, 0};
}

linux_calls::result linux_calls::bind_and_listen(const op &o) {
  int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr a = address(0, uint16_t(o.arg[1]));
  result r;
  if (::bind(fd, &a, sizeof a) == 0 && ::listen(fd, o.arg[2]) == 0) {
    r = opened(fd);
  } else {
    r.error = errno;
    ::close(fd);
  }
  r.counts = true;
  return r;
}

linux_calls::result linux_calls::move_data(const op &o) {
  int number = number_of(o), fd = real(number);
  uint32_t len = uint32_t(o.arg[o.code == opcode::sendto ? 4 : 2]);
  std::vector<uint8_t> data(len);
  ssize_t n = 0;
  if (o.code == opcode::recv) {
    n = ::recv(fd, data.data(), len, flags_to_host(uint8_t(o.arg[3])) | MSG_NOSIGNAL);
  } else if (o.code == opcode::sendto) {
    fill_stream(user_stream, 0, data);
    sockaddr a = address(addr_ + 1 + uint32_t(o.arg[2]), uint16_t(o.arg[3]));
    n = ::sendto(fd, data.data(), len, MSG_NOSIGNAL, &a, sizeof a);
  } else {
    fill_stream(user_stream, number >= 0 ? sent_[size_t(number)] : 0, data);
    n = ::send(fd, data.data(), len, flags_to_host(uint8_t(o.arg[3])) | MSG_NOSIGNAL);
    if (n > 0) sent_[size_t(number)] += uint32_t(n);
  }
  return n < 0 ? result{errno, 0} : result{0, uint64_t(n)};
}

linux_calls::result linux_calls::option(const op &o) {
  int fd = real(number_of(o));
  uint32_t v = 0;
  int failed = o.code == opcode::setopt ? set_option(fd, o) : get_option(fd, o, &v);
  return failed != 0 ? result{errno, 0} : result{0, v};
}

linux_calls::result linux_calls::ask(const op &o) {
  int fd = real(number_of(o));
  result r;
  switch (o.code) {
    case opcode::peername:
    case opcode::sockname: {
      r.value = end_of(fd, o.code == opcode::peername);
      return r.value == UINT64_MAX ? result{errno, 0} : r;
    }
    case opcode::error: {
      int pending = 0;
      socklen_t len = sizeof pending;
      if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &len) != 0) return {errno, 0};
      r.value = uint64_t(err_of(pending));
      return r;
    }
    case opcode::poll: {
      pollfd p{fd, events_to_host(polled_events(o)), 0};
      int ready = ::poll(&p, 1, o.arg[3]);
      r.value = uint64_t(ready < 0 ? 0 : ready) << 8 | events_from_host(p.revents);
      return r;
    }
    default: return {ENOSYS, 0};
  }
}

}  // namespace kyu::fuzz
