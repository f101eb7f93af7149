// IPv4 and ICMP on the wire (RFC 791, RFC 792).
#pragma once

#include "sys/bytes.h"

namespace kyu {

struct ip {
  uint8_t ip_vhl;  // version, header length in words
  uint8_t ip_tos;
  be16 ip_len;
  be16 ip_id;
  be16 ip_off;
  uint8_t ip_ttl;
  uint8_t ip_p;
  be16 ip_sum;
  be32 ip_src, ip_dst;
};
static_assert(sizeof(ip) == 20 && alignof(ip) == 1);

inline constexpr uint16_t IP_DF = 0x4000, IP_MF = 0x2000, IP_OFFMASK = 0x1fff;
inline constexpr uint8_t IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_UDP = 17;
inline constexpr uint8_t IPDEFTTL = 64;
inline constexpr uint32_t INADDR_BROADCAST = 0xffffffff;

struct icmp {
  uint8_t icmp_type, icmp_code;
  be16 icmp_cksum;
  be32 icmp_void;  // id and sequence; a pointer, or the next hop's MTU; or unused
};
static_assert(sizeof(icmp) == 8 && alignof(icmp) == 1);

inline constexpr uint8_t ICMP_ECHOREPLY = 0, ICMP_UNREACH = 3, ICMP_ECHO = 8, ICMP_TIMXCEED = 11,
                         ICMP_PARAMPROB = 12;
inline constexpr uint8_t ICMP_UNREACH_NET = 0, ICMP_UNREACH_HOST = 1, ICMP_UNREACH_PROTOCOL = 2,
                         ICMP_UNREACH_PORT = 3, ICMP_UNREACH_NEEDFRAG = 4, ICMP_UNREACH_SRCFAIL = 5;
inline constexpr uint8_t ICMP_TIMXCEED_REASS = 1;

}  // namespace kyu
