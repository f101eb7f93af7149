// IP and ICMP: input, output, errors (BSD: netinet/ip_input.c, ip_output.c, ip_icmp.c; volume 2,
// chapters 8 and 11). Not here: forwarding, source routes (refused), and acting on other options.
#pragma once

#include "ip/ip.h"
#include "memory/mbuf.h"
#include "sys/errno.h"
#include "sys/guarded.h"

namespace kyu {

struct Stack;

struct ipstat {
  uint32_t ips_total = 0, ips_badhdr = 0, ips_badsum = 0, ips_fragments = 0, ips_notours = 0;
  uint32_t ips_badoptions = 0, ips_sourceroutes = 0, ips_reassembled = 0, ips_fragoverlaps = 0;
  uint32_t ips_fragdropped = 0, ips_fragtimeout = 0, ips_ofragments = 0, ips_cantfrag = 0;
  uint32_t ips_noproto = 0, ips_delivered = 0, ips_localout = 0, ips_noroute = 0;
  uint32_t icps_error = 0, icps_reflect = 0, icps_badsum = 0, icps_limited = 0;
};

// Errors per second that a remote host can make us send (RFC 1812, 4.3.2.8).
inline constexpr uint16_t icmp_limit_per_s = 20;

struct icmp_limiter {
  uint64_t second = 0;
  uint16_t sent = 0;
};

// One IP packet; its header is at the front of the chain.
NET_LOCKED void ip_input(Stack &, mbuf_ptr);

// How a packet is to go.
struct ip_how {
  bool df = false;  // neither we nor routers may cut it into fragments
  uint8_t tos = 0, ttl = IPDEFTTL;
};

// Adds the header to `m` and sends it, in fragments where it is larger than the path's MTU. Takes
// ownership. err::addrnotavail: `src` is not our address; 0 is while we have none, to everybody.
// err::netunreach: no route. err::msgsize: with df, larger than the MTU; otherwise, than IP can say.
NET_LOCKED err ip_output(Stack &, mbuf_ptr m, uint32_t src, uint32_t dst, uint8_t proto, ip_how);

// The source address that reaches `dst`; 0: no route.
NET_LOCKED uint32_t ip_source_for(const Stack &, uint32_t dst);

NET_LOCKED bool in_broadcast(const Stack &, uint32_t addr);
inline bool in_multicast(uint32_t addr) { return (addr >> 28) == 0xe; }

// ICMP behind an IP header `iph`, which is stripped from `m`.
NET_LOCKED void icmp_input(Stack &, mbuf_ptr m, const ip &iph);

// Answers a packet with an error, where RFC 1122 3.2.2 allows it. `m` begins with its IP header.
// `pointer`: of a parameter problem, the byte of the header that is wrong.
void icmp_error(Stack &, mbuf_ptr m, uint8_t type, uint8_t code, uint8_t pointer = 0);

}  // namespace kyu
