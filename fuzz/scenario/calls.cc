#include "scenario/calls.h"

#include "socket/sockopt.h"

#include <algorithm>
#include <cassert>

namespace kyu::fuzz {

namespace {

constexpr uint16_t options[n_options] = {
    SO_REUSEADDR, SO_KEEPALIVE,     SO_BROADCAST, SO_LINGER,     SO_OOBINLINE, SO_SNDBUF,  SO_RCVBUF,
    SO_SNDLOWAT,  SO_RCVLOWAT,      SO_SNDTIMEO,  SO_RCVTIMEO,   TCP_NODELAY,  TCP_MAXSEG, SO_ACCEPTCONN,
    SO_NBIO,      TCP_USER_TIMEOUT, TCP_KEEPIDLE, TCP_KEEPINTVL, IP_TOS,       IP_TTL};

constexpr uint8_t poll_events[] = {POLLIN, POLLOUT, POLLIN | POLLOUT, POLLPRI};

}  // namespace

bool names_descriptor(const op &o) {
  auto params = spec_of(o.code).params;
  return params.size() > 1 && params[1].kind == param_kind::fd;
}

int fd_of(const op &o) { return o.arg[1] == 9 ? -1 : o.arg[1]; }

uint16_t option_of(const op &o) { return options[o.arg[2]]; }

uint16_t option_at(size_t index) { return options[index]; }

size_t option_index(uint16_t option) {
  auto at = std::find(std::begin(options), std::end(options), option);
  assert(at != std::end(options) && "option_index: no op has it");
  return size_t(at - std::begin(options));
}

const char *name_of(const op &o) { return spec_of(o.code).params[2].names[size_t(o.arg[2])]; }

uint8_t polled_events(const op &o) { return poll_events[o.arg[2]]; }

int accepted_by(const op &o, const call_result &r) {
  if (o.code == opcode::tcp_accept) return int(int64_t(r.value));
  return o.code == opcode::accept && r.e == err::ok ? int(r.value >> 48) : -1;
}

}  // namespace kyu::fuzz
