// Oracle 7 between two of our stacks: what one has to send arrives at the other.
#pragma once

#include "stack.h"

#include <vector>

namespace kyu::fuzz {

// A connection that both ends hold open, with bytes to send, or to send again, for which the other end has
// room.
struct waiting {
  const tcpcb *tp;
  tcp_seq una;
  bool operator==(const waiting &) const = default;
};

// Those of `from`.
std::vector<waiting> waiting_for(const Stack &from, const Stack &to);
// None of them waits as it did `before`, which was some time ago, on a wire on which nothing need wait.
void audit_arrival(const Stack &from, const Stack &to, const std::vector<waiting> &before);

}  // namespace kyu::fuzz
