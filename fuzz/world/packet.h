// Well-formed packets from a peer to the stack, built in place.
#pragma once

#include "ip/ip.h"
#include "link/ethernet.h"
#include "tcp/tcp.h"
#include "tcp/tcp_option.h"
#include "world/frame.h"

namespace kyu::fuzz {

// Who a packet is from and to: addresses of the link and of IP.
struct route {
  ether_addr from_mac, to_mac;
  uint32_t from, to;
};

inline constexpr uint32_t eth_len = sizeof(ether_header);

template <class T>
T load(const_bytes b, size_t at) {
  T v;
  __builtin_memcpy(&v, b.data() + at, sizeof v);
  return v;
}

template <class T>
void store(bytes b, size_t at, const T &v) {
  __builtin_memcpy(b.data() + at, &v, sizeof v);
}

// Headers are completed with lengths and checksums. Payload longer than the MTU allows is cut. It
// is `sender`'s stream from byte `at` on, or `text`, where that is not null.
void build_tcp(frame &, const route &, tcphdr, const tcp_options &, int sender, uint32_t at, uint32_t len,
               const char *text = nullptr);
void build_udp(frame &, const route &, uint16_t sport, uint16_t dport, int sender, uint32_t len);
// The same with these bytes.
void build_udp(frame &, const route &, uint16_t sport, uint16_t dport, const_bytes payload);
// An echo with `len` bytes of payload, or an error that quotes `quoted`.
void build_icmp_echo(frame &, const route &, int sender, uint32_t len);
// `mtu`: of the next hop, where the error says so.
void build_icmp_error(frame &, const route &, uint8_t type, uint8_t code, uint16_t mtu, const_bytes quoted);
// `op` 1: request, 2: reply.
void build_arp(frame &, const route &, uint16_t op, uint32_t spa, uint32_t tpa);

}  // namespace kyu::fuzz
