#include "world/packet.h"

#include "ip/in_cksum.h"
#include "scenario/checksums.h"
#include "udp/udp.h"
#include "scenario/stream.h"

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

}  // namespace

void build_tcp(frame &f, const route &r, tcphdr th, const tcp_options &opt, int sender, uint32_t at,
               uint32_t len, const char *text) {
  uint8_t options[TCP_MAXOLEN];
  uint32_t optlen = tcp_write_options(opt, options), hlen = uint32_t(sizeof th) + optlen;
  len = std::min(len, max_ip_payload - hlen);
  bytes t = begin_ip(f, hlen + len);
  th.th_off = uint8_t(hlen / 4 << 4);
  store(t, 0, th);
  memcpy(t.data() + sizeof th, options, optlen);
  if (text == nullptr)
    fill_stream(sender, at, t.subspan(hlen));
  else
    memcpy(t.data() + hlen, text, len);
  put_checksum(t, r.from, r.to, IPPROTO_TCP);
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
  put_checksum(u, r.from, r.to, IPPROTO_UDP);
  finish_ip(f, r, IPPROTO_UDP);
}

void build_udp(frame &f, const route &r, uint16_t sport, uint16_t dport, const_bytes payload) {
  udphdr uh{};
  payload = payload.first(std::min<size_t>(payload.size(), max_ip_payload - sizeof uh));
  bytes u = begin_ip(f, uint32_t(sizeof uh + payload.size()));
  uh.uh_sport = sport;
  uh.uh_dport = dport;
  uh.uh_ulen = uint16_t(u.size());
  store(u, 0, uh);
  std::copy(payload.begin(), payload.end(), u.begin() + sizeof uh);
  put_checksum(u, r.from, r.to, IPPROTO_UDP);
  finish_ip(f, r, IPPROTO_UDP);
}

void build_icmp_echo(frame &f, const route &r, int sender, uint32_t len) {
  struct icmp head{};
  head.icmp_type = ICMP_ECHO;
  bytes p = begin_ip(f, std::min(uint32_t(sizeof head) + len, max_ip_payload));
  store(p, 0, head);
  fill_stream(sender, 0, p.subspan(sizeof head));
  put_checksum(p, r.from, r.to, IPPROTO_ICMP);
  finish_ip(f, r, IPPROTO_ICMP);
}

void build_icmp_error(frame &f, const route &r, uint8_t type, uint8_t code, uint16_t mtu,
                      const_bytes quoted) {
  struct icmp head{};
  head.icmp_type = type;
  head.icmp_code = code;
  head.icmp_void = mtu;
  bytes p = begin_ip(f, uint32_t(sizeof head + quoted.size()));
  store(p, 0, head);
  if (!quoted.empty()) memcpy(&p[sizeof head], quoted.data(), quoted.size());
  put_checksum(p, r.from, r.to, IPPROTO_ICMP);
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

}  // namespace kyu::fuzz
