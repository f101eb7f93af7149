#include "world/packet.h"

#include "ip/in_cksum.h"
#include "udp/udp.h"
#include "world/stream.h"

#include <algorithm>
#include <cstring>

namespace kyu::fuzz {

namespace {

constexpr uint32_t max_ip_payload = ETHERMTU - sizeof(ip);

bytes ip_payload(frame &f) { return f.view().subspan(eth_len + sizeof(ip)); }

// Makes room for `len` bytes behind link and IP header; they are the caller's to fill.
bytes begin_ip(frame &f, uint32_t len) {
  f.len = eth_len + uint32_t(sizeof(ip)) + len;
  return ip_payload(f);
}

void put_ether(frame &f, const route &r, uint16_t type) {
  ether_header eh{r.to_mac, r.from_mac, {}};
  eh.type = type;
  store(f.view(), 0, eh);
}

void finish_ip(frame &f, const route &r, uint8_t proto) {
  put_ether(f, r, ETHERTYPE_IP);
  ip iph{};
  iph.ip_vhl = 0x45;
  iph.ip_len = uint16_t(f.len - eth_len);
  iph.ip_ttl = 64;
  iph.ip_p = proto;
  iph.ip_src = r.from;
  iph.ip_dst = r.to;
  in_cksum sum;
  sum.add(const_bytes(reinterpret_cast<const uint8_t *>(&iph), sizeof iph));
  iph.ip_sum = sum.fold();
  store(f.view(), eth_len, iph);
}

uint16_t transport_sum(const_bytes segment, uint32_t src, uint32_t dst, uint8_t proto) {
  in_cksum sum;
  if (proto != IPPROTO_ICMP) sum.add_pseudo(src, dst, proto, uint16_t(segment.size()));
  sum.add(segment);
  return sum.fold();
}

size_t checksum_place(uint8_t proto) {
  switch (proto) {
    case IPPROTO_TCP: return offsetof(tcphdr, th_sum);
    case IPPROTO_UDP: return offsetof(udphdr, uh_sum);
    default: return offsetof(struct icmp, icmp_cksum);
  }
}

void put_sum(bytes segment, uint32_t src, uint32_t dst, uint8_t proto) {
  size_t at = checksum_place(proto);
  if (segment.size() < at + sizeof(be16)) return;
  be16 sum{};
  store(segment, at, sum);
  sum = transport_sum(segment, src, dst, proto);
  store(segment, at, sum);
}

}  // namespace

void build_tcp(frame &f, const route &r, tcphdr th, uint16_t mss, int sender, uint32_t at, uint32_t len) {
  uint32_t hlen = uint32_t(sizeof th) + (mss != 0 ? TCPOLEN_MAXSEG : 0u);
  len = std::min(len, max_ip_payload - hlen);
  bytes t = begin_ip(f, hlen + len);
  th.th_off = uint8_t(hlen / 4 << 4);
  store(t, 0, th);
  if (mss != 0) {
    const uint8_t option[] = {TCPOPT_MAXSEG, TCPOLEN_MAXSEG, uint8_t(mss >> 8), uint8_t(mss)};
    store(t, sizeof th, option);
  }
  fill_stream(sender, at, t.subspan(hlen));
  put_sum(t, r.from, r.to, IPPROTO_TCP);
  finish_ip(f, r, IPPROTO_TCP);
}

void build_udp(frame &f, const route &r, uint16_t sport, uint16_t dport, int sender, uint32_t len) {
  udphdr uh{};
  bytes u = begin_ip(f, std::min(uint32_t(sizeof uh) + len, max_ip_payload));
  uh.uh_sport = sport;
  uh.uh_dport = dport;
  uh.uh_ulen = uint16_t(u.size());
  store(u, 0, uh);
  fill_stream(sender, 0, u.subspan(sizeof uh));
  put_sum(u, r.from, r.to, IPPROTO_UDP);
  finish_ip(f, r, IPPROTO_UDP);
}

void build_icmp_echo(frame &f, const route &r, int sender, uint32_t len) {
  struct icmp head{};
  head.icmp_type = ICMP_ECHO;
  bytes p = begin_ip(f, std::min(uint32_t(sizeof head) + len, max_ip_payload));
  store(p, 0, head);
  fill_stream(sender, 0, p.subspan(sizeof head));
  put_sum(p, r.from, r.to, IPPROTO_ICMP);
  finish_ip(f, r, IPPROTO_ICMP);
}

void build_icmp_error(frame &f, const route &r, uint8_t type, uint8_t code, const_bytes quoted) {
  struct icmp head{};
  head.icmp_type = type;
  head.icmp_code = code;
  bytes p = begin_ip(f, uint32_t(sizeof head + quoted.size()));
  store(p, 0, head);
  if (!quoted.empty()) memcpy(&p[sizeof head], quoted.data(), quoted.size());
  put_sum(p, r.from, r.to, IPPROTO_ICMP);
  finish_ip(f, r, IPPROTO_ICMP);
}

void build_arp(frame &f, const route &r, uint16_t op, uint32_t spa, uint32_t tpa) {
  struct {
    uint8_t fixed[6] = {0, 1, 8, 0, 6, 4};  // Ethernet, IPv4, and the lengths of their addresses
    be16 op;
    ether_addr sha;
    be32 spa;
    ether_addr tha;
    be32 tpa;
  } a{};
  a.op = op;
  a.sha = r.from_mac;
  a.spa = spa;
  if (op == 2) a.tha = r.to_mac;
  a.tpa = tpa;
  f.len = eth_len + uint32_t(sizeof a);
  put_ether(f, r, ETHERTYPE_ARP);
  store(f.view(), eth_len, a);
}

void fix_checksums(frame &f) {
  bytes p = f.view();
  if (p.size() < eth_len + sizeof(ip)) return;
  p = p.subspan(eth_len);
  auto iph = load<ip>(p, 0);
  size_t hlen = (iph.ip_vhl & 15u) * 4u, len = std::min<size_t>(iph.ip_len, p.size());
  if (hlen < sizeof(ip) || hlen > len) return;
  iph.ip_sum = 0;
  store(p, 0, iph);
  in_cksum sum;
  sum.add(p.first(hlen));
  iph.ip_sum = sum.fold();
  store(p, 0, iph);
  put_sum(p.subspan(hlen, len - hlen), iph.ip_src, iph.ip_dst, iph.ip_p);
}

}  // namespace kyu::fuzz
