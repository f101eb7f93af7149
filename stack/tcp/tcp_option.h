// TCP's options (RFC 9293, 3.1 and 3.2; RFC 2018, 2883, 7323): reading and writing them.
#pragma once

#include "tcp/tcp_seq.h"
#include "sys/bytes.h"

#include <cstdint>

namespace kyu {

enum tcp_option_kind : uint8_t {
  TCPOPT_EOL = 0,
  TCPOPT_NOP = 1,
  TCPOPT_MAXSEG = 2,
  TCPOPT_WINDOW = 3,
  TCPOPT_SACK_PERMITTED = 4,
  TCPOPT_SACK = 5,
  TCPOPT_TIMESTAMP = 8,
};

// With kind and length.
inline constexpr uint8_t TCPOLEN_MAXSEG = 4, TCPOLEN_WINDOW = 3, TCPOLEN_SACK_PERMITTED = 2,
                         TCPOLEN_TIMESTAMP = 10, TCPOLEN_SACK_HEAD = 2, TCPOLEN_SACK_BLOCK = 8;
// As it stands in front of data, behind two NOPs.
inline constexpr uint8_t TCPOLEN_TSTAMP_APPA = TCPOLEN_TIMESTAMP + 2;
inline constexpr uint32_t TCP_MAXOLEN = 40;      // a header has at most 15 words
inline constexpr uint8_t TCP_MAX_WINSHIFT = 14;  // RFC 7323, 2.3
inline constexpr uint8_t TCP_MAX_SACK = 4;       // blocks that fit one header

// Bytes [start, end) that the receiver has.
struct sack_block {
  tcp_seq start, end;
  bool operator==(const sack_block &) const = default;
};

// What one segment says; what it does not say is zero or false.
struct tcp_options {
  uint16_t mss = 0;
  bool has_wscale = false, sack_permitted = false, has_ts = false;
  uint8_t wscale = 0;
  uint8_t sacks = 0;
  uint32_t tsval = 0, tsecr = 0;
  sack_block sack[TCP_MAX_SACK];
};

// Unknown options are skipped by their length; a bad length ends the list (RFC 9293, MUST-7). MSS,
// window scale and SACK-permitted count on a SYN only.
tcp_options tcp_read_options(const_bytes, bool syn);

// Writes what `o` holds, padded to whole words, and returns its length. The order is the one that
// most hosts use, so that it fits as much as it can. SACK blocks that do not fit are left out.
uint32_t tcp_write_options(const tcp_options &o, uint8_t (&to)[TCP_MAXOLEN]);

}  // namespace kyu
