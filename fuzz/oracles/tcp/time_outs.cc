#include "oracles/tcp/time_outs.h"

namespace kyu::fuzz {

// The round trip, and four times how far it was from the last (RFC 6298, 2.3).
void time_outs::acked(uint64_t now, bool may_measure) {
  uint64_t round_trip = now - std::min(now, out_since_);
  at_most_ = std::max(at_most_, std::min(5 * round_trip + grain, longest));
  if (may_measure) at_least_ = least;
  in_a_row_ = 0;
}

void time_outs::expire(uint64_t now) {
  at_least_ = std::min(2 * at_least_, most);
  base_ = expired_ = now;
}

// What arrives, and what leaves, may have started the timer anew.
bool time_outs::is_overdue(uint64_t now) const {
  uint64_t quiet = now - std::max(heard_, sent_);
  return quiet > at_most_ + grain;
}

}  // namespace kyu::fuzz
