// Options that are not bits of so_options. Values are our own numbering, clear of so_option's bits.
#pragma once

#include <cstdint>

namespace kyu {

enum so_valued_option : uint16_t {
  SO_SNDBUF = 0x1001,
  SO_RCVBUF = 0x1002,
  SO_SNDLOWAT = 0x1003,
  SO_RCVLOWAT = 0x1004,
  SO_SNDTIMEO = 0x1005,  // ms, 0: forever
  SO_RCVTIMEO = 0x1006,
  SO_NBIO = 0x1007,  // calls on this socket do not wait (BSD: FIONBIO)
  TCP_NODELAY = 0x2001,
  TCP_MAXSEG = 0x2002,
  TCP_USER_TIMEOUT = 0x2003,  // ms without progress after which the connection ends, 0: as RFC 9293 has it
  TCP_KEEPIDLE = 0x2004,      // s until the first keepalive
  TCP_KEEPINTVL = 0x2005,     // s between keepalives
  IP_TOS = 0x3001,
  IP_TTL = 0x3002,
};

// SO_LINGER takes 0 (off) or seconds + 1.
inline constexpr uint32_t SO_LINGER_MAX = 600;

}  // namespace kyu
