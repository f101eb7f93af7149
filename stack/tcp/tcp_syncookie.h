// SYN cookies: what a listener answers when its queue is full (the idea is D. J. Bernstein's). The
// answer's initial number holds all that we would have remembered; the ACK brings it back. A flood of
// SYNs then costs an answer each and no memory, and who is served already is not disturbed. Cookies
// rather than a SYN cache, because a cache is memory that a remote host fills and that a board lacks;
// while there is room, SYNs are remembered as usual, since a cookie's SYN-ACK is never sent again.
#pragma once

#include "sys/guarded.h"
#include "tcp/tcp_segment.h"

namespace kyu {

// ms for which a cookie is good, at least; twice that at most.
inline constexpr uint32_t tcp_cookie_ms = 64 * 1000;

// Answers a SYN to a listener.
NET_LOCKED void tcp_send_cookie(const tcp_segment &);

enum class cookie_is : uint8_t {
  foreign,       // not of our making, or too old
  out_of_order,  // ours, but the segment is not the first one after that SYN
  good,
};

// Does an ACK bring back a cookie of ours, for a SYN with the number `irs`? If it is good, what the SYN
// had offered is in `offer`; a time stamp's numbers are the ACK's.
NET_LOCKED cookie_is tcp_check_cookie(const tcp_segment &, tcp_seq irs, tcp_options *offer);

}  // namespace kyu
