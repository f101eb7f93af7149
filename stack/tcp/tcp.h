// TCP on the wire (RFC 9293, 3.1 and 3.2).
#pragma once

#include "sys/bytes.h"

namespace kyu {

struct tcphdr {
  be16 th_sport, th_dport;
  be32 th_seq, th_ack;
  uint8_t th_off;  // header length in words, in the upper half
  uint8_t th_flags;
  be16 th_win, th_sum, th_urp;
};
static_assert(sizeof(tcphdr) == 20 && alignof(tcphdr) == 1);

enum th_flag : uint8_t {
  TH_FIN = 0x01,
  TH_SYN = 0x02,
  TH_RST = 0x04,
  TH_PUSH = 0x08,
  TH_ACK = 0x10,
  TH_URG = 0x20,
};

inline constexpr uint32_t TCP_MAXWIN = 65535;
inline constexpr uint16_t TCP_MSS_DEFAULT = 536;  // RFC 9293, MUST-15
inline constexpr uint16_t TCP_MSS_MIN = 64;       // a peer that offers less gets this

}  // namespace kyu
