#include "oracles/tcp/keep_alive.h"

#include "oracles/rule.h"
#include "socket/socketvar.h"
#include "socket/sockopt.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr rule unasked{"a keep-alive that nobody has asked for", "RFC 9293, 3.8.4, MUST-25"};
constexpr rule too_early{"a keep-alive before its time", "RFC 9293, 3.8.4, MUST-26 and MUST-28"};
constexpr rule not_idle{"a keep-alive while data is on its way", "RFC 9293, 3.8.4, MUST-26"};
constexpr rule missing{"a silent peer is not asked whether it is there", "RFC 9293, 3.8.4; kyu/kyu.h"};
constexpr rule no_end{"a peer that answers nothing keeps its connection", "RFC 1122, 4.2.3.6; kyu/kyu.h"};

constexpr uint64_t grace = 2000;      // ms, in which whoever is due has run
constexpr uint64_t most_probes = 10;  // unanswered; no host is more patient

bool concerns_keep_alive(uint16_t option) {
  return option == SO_KEEPALIVE || option == TCP_KEEPIDLE || option == TCP_KEEPINTVL;
}

}  // namespace

void keep_alive_wish::call_begins(uint16_t option, uint32_t value) {
  if (!concerns_keep_alive(option)) return;
  ++calls;
  if (option == SO_KEEPALIVE) on = on || value != 0;
  if (option == TCP_KEEPIDLE) idle = std::min<uint64_t>(idle, uint64_t(value) * 1000);
  if (option == TCP_KEEPINTVL) interval = std::min<uint64_t>(interval, uint64_t(value) * 1000);
}

void keep_alive::call_returns(uint16_t option, uint32_t value, uint64_t now) {
  if (!concerns_keep_alive(option)) return;
  ++own_.calls;
  if (option == SO_KEEPALIVE) own_.on = value != 0;
  if (option == TCP_KEEPIDLE) own_.idle = uint64_t(value) * 1000;
  if (option == TCP_KEEPINTVL) own_.interval = uint64_t(value) * 1000;
  since_ = now;
}

void keep_alive::leaves(const terms &c) {
  expect_rule(c.wish.on, unasked, "no socket has the option");
  expect_rule(!c.outstanding, not_idle, "its time-out tells as much");
  expect_rule(c.now - c.surely_heard >= c.wish.idle, too_early, "the peer has spoken since");
  bool again = asked_ > c.surely_heard;
  uint64_t least = std::min(c.wish.idle, c.wish.interval);
  expect_rule(!again || c.now - asked_ >= least, too_early, "the last one has not waited for its answer");
  asked_ = c.made;
}

void keep_alive::expect_probes(const terms &c) const {
  bool known = followed_ && own_.on && own_.calls == c.wish.calls;
  if (!known || c.outstanding) return;
  uint64_t silent_since = std::max(c.heard, since_);
  // An answer may be noticed only when the next one would be due.
  uint64_t due = asked_ > silent_since ? 0 : silent_since + own_.idle;
  if (asked_ != 0) due = std::max(due, asked_ + own_.interval);
  expect_rule(c.now <= due + grace, missing, "it is time for a keep-alive");
  uint64_t end = silent_since + own_.idle + most_probes * own_.interval;
  expect_rule(c.now <= end + grace, no_end, "ten keep-alives are enough");
}

}  // namespace kyu::fuzz
