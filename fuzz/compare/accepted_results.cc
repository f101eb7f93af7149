#include "compare/accepted_results.h"

#include "compare/replay.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

struct other_result {
  opcode code;
  const char *ours, *linux_;
  const char *option;  // of setopt and getopt; null: any, or another call
  const char *why, *source;
};

constexpr other_result results[] = {
    {opcode::connect, "EOPNOTSUPP", "EISCONN", nullptr, "the socket listens", "POSIX.1-2017, connect()"},
    {opcode::send, "ENOTCONN", "EPIPE", nullptr, "it was never connected", "POSIX.1-2017, send()"},
    {opcode::shutdown, "0", "ENOTCONN", nullptr,
     "a socket for datagrams may be shut before it is connected, so that who sleeps in it wakes up",
     "volume 2, section 15.15"},
    {opcode::shutdown, "ENOTCONN", "0", nullptr, "a listener is not connected", "POSIX.1-2017, shutdown()"},
    {opcode::setopt, "EINVAL", "0", "sndbuf", "ours says what it cannot do, Linux takes the nearest", posix},
    {opcode::setopt, "EINVAL", "0", "rcvbuf", "ours says what it cannot do, Linux takes the nearest", posix},
    {opcode::setopt, "EINVAL", "0", "rcvlowat", "ours says what it cannot do, Linux takes the nearest",
     posix},
    {opcode::setopt, "EINVAL", "0", "linger", "ours says what it cannot do, Linux takes the nearest", posix},
    {opcode::setopt, "EINVAL", "0", "maxseg", "more than the peer takes: ours refuses it, Linux leaves it be",
     "tcp(7)"},
    {opcode::setopt, "0", "ENOPROTOOPT", "sndlowat", "Linux has no SO_SNDLOWAT", posix},
    {opcode::getopt, nullptr, nullptr, "sndlowat", "Linux has no SO_SNDLOWAT", posix},
    {opcode::getopt, nullptr, nullptr, "sndbuf", "Linux doubles what is asked for, and has a least",
     "socket(7)"},
    {opcode::getopt, nullptr, nullptr, "rcvbuf", "Linux doubles what is asked for, and has a least",
     "socket(7)"},
    {opcode::getopt, nullptr, nullptr, "maxseg", "Linux tells the connection's, ours what was asked for",
     "tcp(7)"},
    {opcode::getopt, "ENOPROTOOPT", "EOPNOTSUPP", nullptr, "an option of TCP's, of a datagram socket", posix},
    {opcode::sendto, "EHOSTUNREACH", nullptr, nullptr,
     "who sends learns that nobody answers for the address; Linux tells later", "RFC 1122, 2.3.2.2"},
    {opcode::recv, "EOPNOTSUPP", "sleeps", nullptr, "datagrams have nothing urgent; Linux ignores the flag",
     posix},
    {opcode::recv, "ECONNRESET", "0", nullptr, "after the FIN came a reset, which the user shall learn of",
     "RFC 9293, 3.10.7.4"},
};

bool is(const other_result &r, const parting &p, const op &o) {
  return r.code == o.code && (r.ours == nullptr || p.ours == r.ours) &&
         (r.linux_ == nullptr || p.linux_ == r.linux_) && (r.option == nullptr || sets(o, r.option));
}

}  // namespace

const std::vector<accepted> &accepted_results() {
  static const std::vector<accepted> all = [] {
    std::vector<accepted> out;
    for (const other_result &r : results) out.push_back({r.why, r.source, false, nullptr});
    return out;
  }();
  return all;
}

const accepted *accepted_result(const parting &p, const op &o) {
  auto r = std::find_if(std::begin(results), std::end(results),
                        [&](const other_result &x) { return is(x, p, o); });
  return r != std::end(results) ? &accepted_results()[size_t(r - std::begin(results))] : nullptr;
}

}  // namespace kyu::fuzz
