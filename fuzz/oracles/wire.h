// Frames as an oracle reads them: straight from the RFCs, by none of the stack's own functions.
#pragma once

#include "oracles/seq_ranges.h"
#include "sys/bytes.h"

#include <cstdint>

namespace kyu::fuzz {

// TCP's control bits (RFC 9293, 3.1).
enum tcp_bit : uint8_t { bit_fin = 1, bit_syn = 2, bit_rst = 4, bit_psh = 8, bit_ack = 16, bit_urg = 32 };

// Ports from there on are for hosts to choose from, and no service's (RFC 6335, 6).
inline constexpr uint16_t first_ephemeral = 49152;

struct wire_tcp {
  uint16_t sport = 0, dport = 0;
  uint32_t seq = 0, ack = 0;
  uint8_t flags = 0, reserved = 0;
  uint16_t win = 0, urp = 0;
  uint32_t optlen = 0;
  const_bytes data;

  // Options (RFC 9293, 3.2; RFC 7323; RFC 2018).
  bool options_end_well = true;  // each has a length that there can be
  bool foreign_options = false;  // some that are none of these
  bool has_mss = false, has_wscale = false, sack_permitted = false, has_ts = false;
  uint16_t mss = 0;
  uint8_t wscale = 0;
  uint32_t tsval = 0, tsecr = 0;
  int sacks = 0;
  seq_range sack[4] = {};

  bool has(uint8_t bits) const { return (flags & bits) == bits; }
  uint32_t len() const { return uint32_t(data.size()); }
  uint32_t end() const { return seq + len() + has(bit_syn) + has(bit_fin); }
};

struct wire_arp {
  bool of_ethernet = false;  // and of IPv4
  uint16_t op = 0;           // 1: a request, 2: a reply
  const_bytes sender_link, target_link;
  uint32_t sender = 0, target = 0;
};

struct wire_frame {
  enum class kind : uint8_t { other, arp, fragment, tcp, udp, icmp };
  // What a host makes of IP's options (RFC 1122, 3.2.1.8): those that it does not know it passes over.
  enum class ip_options : uint8_t { none, harmless, source_route, malformed };

  kind is = kind::other;
  const char *wrong = nullptr;  // why a receiver would have to drop it; null: it would not

  const_bytes link_to, link_from;  // addresses of the link
  uint32_t from = 0, to = 0;       // of IP
  uint8_t protocol = 0, tos = 0, ttl = 0;
  uint16_t ip_id = 0;
  ip_options options = ip_options::none;
  bool df = false, more = false;
  uint32_t offset = 0;            // of a fragment, bytes
  const_bytes packet;             // IP header and what follows, as long as the header says
  const_bytes payload;            // of IP, or behind the link's header
  const_bytes padding;            // behind the packet, or behind ARP's
  wire_arp arp;                   // where it is ARP
  wire_tcp tcp;                   // where it is TCP
  uint16_t sport = 0, dport = 0;  // of UDP
  const_bytes datagram;           // of UDP: what its user sees
};

// It will be taken as if it had no options.
constexpr bool options_pass(const wire_frame &f) { return f.options <= wire_frame::ip_options::harmless; }

// An address of IP that is no single host's: nobody's, or that of many.
constexpr bool is_group(uint32_t addr) { return addr >> 28 >= 0xe || addr == 0; }

// Every host of the link is to take it.
bool is_for_all(const wire_frame &);

// Reads as much as there is; the views are into `frame`.
void read_frame(const_bytes frame, wire_frame &);

// The one's complement sum over `b` behind `start` (RFC 1071), folded and not inverted.
uint16_t ones_sum(const_bytes b, uint32_t start = 0);

bool is_zero(const_bytes);

// For telling one content from another.
uint64_t hash_bytes(const_bytes);

constexpr uint16_t read16(const_bytes b, size_t at) { return uint16_t(b[at] << 8 | b[at + 1]); }
constexpr uint32_t read32(const_bytes b, size_t at) {
  return uint32_t(read16(b, at)) << 16 | read16(b, at + 2);
}

}  // namespace kyu::fuzz
