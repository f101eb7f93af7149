#include "oracles/wire.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr size_t link_header = 14, ip_header = 20, tcp_header = 20, udp_header = 8, icmp_header = 8,
                 arp_packet = 28;
constexpr uint16_t type_ip = 0x0800, type_arp = 0x0806;
constexpr uint8_t proto_icmp = 1, proto_tcp = 6, proto_udp = 17;

// One option of `len` bytes with kind and length in front; false: it says more than it holds.
bool read_option(const_bytes o, wire_tcp &t) {
  auto is = [&o](uint8_t kind, size_t len) { return o[0] == kind && o.size() == len; };
  if (is(2, 4)) {
    t.has_mss = true;
    t.mss = read16(o, 2);
  } else if (is(3, 3)) {
    t.has_wscale = true;
    t.wscale = o[2];
  } else if (is(4, 2)) {
    t.sack_permitted = true;
  } else if (is(8, 10)) {
    t.has_ts = true;
    t.tsval = read32(o, 2);
    t.tsecr = read32(o, 6);
  } else if (o[0] == 5 && o.size() > 2 && (o.size() - 2) % 8 == 0) {
    for (size_t at = 2; at < o.size() && t.sacks < 4; at += 8)
      t.sack[t.sacks++] = {read32(o, at), read32(o, at + 4)};
  } else if (o[0] >= 2 && o[0] <= 8) {
    return false;
  } else {
    t.foreign_options = true;
  }
  return true;
}

void read_options(const_bytes o, wire_tcp &t) {
  constexpr uint8_t end_of_list = 0, no_operation = 1;
  while (!o.empty() && o[0] != end_of_list) {
    if (o[0] == no_operation) {
      o = o.subspan(1);
      continue;
    }
    bool fits = o.size() >= 2 && o[1] >= 2 && o[1] <= o.size();
    t.options_end_well = fits && read_option(o.first(o[1]), t) && t.options_end_well;
    if (!fits) return;
    o = o.subspan(o[1]);
  }
}

// Of TCP and UDP: with the pseudo header in front (RFC 9293, 3.1; RFC 768).
bool sums_up(const wire_frame &f) {
  uint32_t pseudo = (f.from >> 16) + (f.from & 0xffff) + (f.to >> 16) + (f.to & 0xffff) + f.protocol +
                    uint32_t(f.payload.size());
  return ones_sum(f.payload, pseudo) == 0xffff;
}

void read_tcp(wire_frame &f) {
  f.is = wire_frame::kind::tcp;
  const_bytes p = f.payload;
  if (p.size() < tcp_header) return void(f.wrong = "TCP header cut off");
  wire_tcp &t = f.tcp;
  t.sport = read16(p, 0);
  t.dport = read16(p, 2);
  t.seq = read32(p, 4);
  t.ack = read32(p, 8);
  size_t header = size_t(p[12] >> 4) * 4;
  t.reserved = uint8_t((p[12] & 0xf) | (p[13] & 0xc0));
  t.flags = p[13] & 0x3f;
  t.win = read16(p, 14);
  t.urp = read16(p, 18);
  if (header < tcp_header || header > p.size()) return void(f.wrong = "TCP data offset");
  if (!sums_up(f)) return void(f.wrong = "TCP checksum");
  t.optlen = uint32_t(header - tcp_header);
  read_options(p.subspan(tcp_header, t.optlen), t);
  t.data = p.subspan(header);
}

void read_udp(wire_frame &f) {
  f.is = wire_frame::kind::udp;
  const_bytes p = f.payload;
  if (p.size() < udp_header) return void(f.wrong = "UDP header cut off");
  f.sport = read16(p, 0);
  f.dport = read16(p, 2);
  size_t len = read16(p, 4);
  if (len < udp_header || len > p.size()) return void(f.wrong = "UDP length");
  f.payload = p.first(len);
  if (read16(p, 6) != 0 && !sums_up(f)) return void(f.wrong = "UDP checksum");
  f.datagram = f.payload.subspan(udp_header);
}

void read_icmp(wire_frame &f) {
  f.is = wire_frame::kind::icmp;
  if (f.payload.size() < icmp_header) return void(f.wrong = "ICMP header cut off");
  if (ones_sum(f.payload) != 0xffff) f.wrong = "ICMP checksum";
}

// RFC 826.
void read_arp(const_bytes p, wire_frame &f) {
  f.is = wire_frame::kind::arp;
  if (p.size() < arp_packet) return void(f.wrong = "ARP packet cut off");
  f.padding = p.subspan(arp_packet);
  f.arp.of_ethernet = read16(p, 0) == 1 && read16(p, 2) == type_ip && p[4] == 6 && p[5] == 4;
  f.arp.op = read16(p, 6);
  f.arp.sender_link = p.subspan(8, 6);
  f.arp.sender = read32(p, 14);
  f.arp.target_link = p.subspan(18, 6);
  f.arp.target = read32(p, 24);
}

wire_frame::ip_options read_ip_options(const_bytes o) {
  constexpr uint8_t end_of_list = 0, no_operation = 1, loose_route = 131, strict_route = 137;
  if (o.empty()) return wire_frame::ip_options::none;
  while (!o.empty() && o[0] != end_of_list) {
    if (o[0] == no_operation) {
      o = o.subspan(1);
      continue;
    }
    if (o[0] == loose_route || o[0] == strict_route) return wire_frame::ip_options::source_route;
    if (o.size() < 2 || o[1] < 2 || o[1] > o.size()) return wire_frame::ip_options::malformed;
    o = o.subspan(o[1]);
  }
  return wire_frame::ip_options::harmless;
}

void read_ip(const_bytes p, wire_frame &f) {
  if (p.size() < ip_header) return void(f.wrong = "IP header cut off");
  size_t header = size_t(p[0] & 0xf) * 4, total = read16(p, 2);
  if (p[0] >> 4 != 4) return void(f.wrong = "IP version");
  if (header < ip_header || header > total || total > p.size()) return void(f.wrong = "IP length");
  f.packet = p.first(total);
  f.padding = p.subspan(total);
  f.payload = f.packet.subspan(header);
  f.options = read_ip_options(p.subspan(ip_header, header - ip_header));
  f.tos = p[1];
  f.ip_id = read16(p, 4);
  uint16_t frag = read16(p, 6);
  f.df = (frag & 0x4000) != 0;
  f.more = (frag & 0x2000) != 0;
  f.offset = uint32_t(frag & 0x1fff) * 8;
  f.ttl = p[8];
  f.protocol = p[9];
  f.from = read32(p, 12);
  f.to = read32(p, 16);
  if (ones_sum(p.first(header)) != 0xffff) return void(f.wrong = "IP checksum");
  if (f.more || f.offset > 0) return void(f.is = wire_frame::kind::fragment);
  if (f.protocol == proto_tcp) return read_tcp(f);
  if (f.protocol == proto_udp) return read_udp(f);
  if (f.protocol == proto_icmp) return read_icmp(f);
}

}  // namespace

bool is_for_all(const wire_frame &f) {
  return std::all_of(f.link_to.begin(), f.link_to.end(), [](uint8_t b) { return b == 0xff; });
}

bool is_zero(const_bytes b) {
  return std::all_of(b.begin(), b.end(), [](uint8_t x) { return x == 0; });
}

uint64_t hash_bytes(const_bytes b) {
  constexpr uint64_t odd = 0x9e3779b97f4a7c15u;
  uint64_t h = b.size() * odd;
  while (!b.empty()) {
    uint64_t word = 0;
    size_t n = std::min(b.size(), sizeof word);
    std::copy_n(b.begin(), n, reinterpret_cast<uint8_t *>(&word));
    h = (h ^ word) * odd;
    h ^= h >> 32;  // upper bits reach lower ones in the next turn
    b = b.subspan(n);
  }
  return h;
}

uint16_t ones_sum(const_bytes b, uint32_t start) {
  uint64_t sum = start;
  size_t at = 0;
  for (; at + 4 <= b.size(); at += 4) sum += read32(b, at);
  if (at + 2 <= b.size()) {
    sum += read16(b, at);
    at += 2;
  }
  if (at < b.size()) sum += uint32_t(b[at]) << 8;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t(sum);
}

void read_frame(const_bytes frame, wire_frame &f) {
  f = {};
  if (frame.size() < link_header) return void(f.wrong = "frame too short");
  f.link_to = frame.first(6);
  f.link_from = frame.subspan(6, 6);
  f.payload = frame.subspan(link_header);
  uint16_t type = read16(frame, 12);
  if (type == type_arp) read_arp(f.payload, f);
  if (type == type_ip) read_ip(f.payload, f);
}

}  // namespace kyu::fuzz
