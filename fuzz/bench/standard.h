// The standard connection: what every speed is measured on.
#pragma once

#include "scenario/op.h"

namespace kyu::fuzz {

// SYN, ACK, 64 bytes in, 1000 bytes back, FIN both ways: six frames in, and the answer to an ARP request.
inline constexpr const char *standard_connection =
    "user 0: tcp_bind\n"
    "peer 0 < S port=114 mss=1460\n"
    "peer 0 < .\n"
    "user 0: tcp_accept\n"
    "peer 0 < P. len=64\n"
    "user 0: recv fd=1\n"
    "user 0: send fd=1 len=1000\n"
    "peer 0 < .\n"
    "peer 0 < F.\n"
    "user 0: close fd=1\n"
    "peer 0 < .\n";

}  // namespace kyu::fuzz
