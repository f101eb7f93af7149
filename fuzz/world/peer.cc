#include "world/peer.h"

#include "ip/in_cksum.h"
#include "ip/ip.h"
#include "link/ethernet.h"
#include "tcp/tcp.h"
#include "udp/udp.h"

#include <algorithm>
#include <cstring>

namespace kyu::fuzz {

namespace {

constexpr size_t eth_len = sizeof(ether_header);

ether_addr mac_of(int number) { return {{0x02, 0, 0, 0, 1, uint8_t(number)}}; }
constexpr ether_addr stack_mac{{0x02, 0, 0, 0, 0, 1}};

template <class T>
T get(const_bytes b, size_t at) {
  T v;
  memcpy(&v, b.data() + at, sizeof v);
  return v;
}

template <class T>
void put(frame_bytes &b, size_t at, const T &v) {
  memcpy(b.data() + at, &v, sizeof v);
}

// Header and pseudo-header checksums of a frame that may have been damaged, as far as it has them.
void fix_checksums(frame_bytes &f) {
  if (f.size() < eth_len + sizeof(ip)) return;
  auto iph = get<ip>(f, eth_len);
  size_t hlen = (iph.ip_vhl & 15u) * 4u, len = std::min<size_t>(iph.ip_len, f.size() - eth_len);
  if (hlen < sizeof(ip) || hlen > len) return;
  iph.ip_sum = 0;
  put(f, eth_len, iph);
  in_cksum sum;
  sum.add(const_bytes(f.data() + eth_len, hlen));
  iph.ip_sum = sum.fold();
  put(f, eth_len, iph);
  size_t field = iph.ip_p == IPPROTO_TCP   ? offsetof(tcphdr, th_sum)
                 : iph.ip_p == IPPROTO_UDP ? offsetof(udphdr, uh_sum)
                                           : offsetof(struct icmp, icmp_cksum);
  if (len < hlen + field + 2) return;
  be16 zero{}, check;
  put(f, eth_len + hlen + field, zero);
  in_cksum transport;
  if (iph.ip_p != IPPROTO_ICMP) transport.add_pseudo(iph.ip_src, iph.ip_dst, iph.ip_p, uint16_t(len - hlen));
  transport.add(const_bytes(f.data() + eth_len + hlen, len - hlen));
  check = transport.fold();
  put(f, eth_len + hlen + field, check);
}

}  // namespace

uint8_t peer_byte(int number, uint32_t at) { return uint8_t(at * 7 + (at >> 8) * 13 + uint32_t(number)); }

void peer::begin(int number, uint32_t stack_addr) {
  number_ = number;
  stack_addr_ = stack_addr;
  addr_ = stack_addr + 1 + uint32_t(number);
  reaction_ = reaction::off;
  damage_ = {};
  conversations_ = ip_id_ = 0;
  stack_port_ = 0;
  snd_wnd_ = 0;
  new_conversation(0);
  last_seen_.clear();
}

// Initial numbers lie on both sides of the wrap; the first peer's streams cross it.
void peer::new_conversation(uint16_t stack_port) {
  port_ = uint16_t(40000 + number_ * 1000 + conversations_++ % 1000);
  stack_port_ = stack_port;
  iss_ = {0xffffff00u + uint32_t(number_) * 0x40000000u + conversations_ * 0x10000u};
  snd_nxt_ = snd_una_ = iss_;
  snd_wnd_ = 0;
  synced_ = false;
  rcv_nxt_ = rcv_max_ = acked_ = {};
}

tcp_seq peer::seq_base(int base) const {
  switch (base) {
    case 0: return snd_nxt_;
    case 1: return snd_una_;
    case 2: return snd_una_ + snd_wnd_;
    default: return iss_;
  }
}

tcp_seq peer::ack_base(int base) const {
  switch (base) {
    case 0: return rcv_nxt_;
    case 1: return acked_;
    case 2: return rcv_max_;
    default: return {};
  }
}

void peer::advance(tcp_seq seq, uint32_t seqlen) {
  if (seq == snd_nxt_) snd_nxt_ += seqlen;
}

frame_bytes peer::segment(const op &o) {
  uint8_t flags = uint8_t(o.arg[1]);
  uint16_t port = uint16_t(o.arg[2]);
  if (port != 0 && (flags & TH_SYN)) new_conversation(port);
  if (port != 0) stack_port_ = port;
  tcp_seq seq = seq_base(o.arg[3]) + uint32_t(o.arg[4]);
  tcp_seq ack = (flags & TH_ACK) ? ack_base(o.arg[5]) + uint32_t(o.arg[6]) : tcp_seq{};
  uint32_t len = uint32_t(o.arg[7]);
  frame_bytes f =
      tcp_frame(seq, ack, flags, uint16_t(o.arg[8]), uint16_t(o.arg[9]), uint16_t(o.arg[10]), len);
  advance(seq, len + ((flags & TH_SYN) != 0) + ((flags & TH_FIN) != 0));
  if (flags & TH_ACK) acked_ = ack;
  return apply_damage(std::move(f));
}

frame_bytes peer::tcp_frame(tcp_seq seq, tcp_seq ack, uint8_t flags, uint16_t win, uint16_t urp, uint16_t mss,
                            uint32_t len) const {
  tcphdr th{};
  size_t hlen = sizeof th + (mss != 0 ? 4 : 0);
  len = std::min<uint32_t>(len, uint32_t(ETHERMTU - sizeof(ip) - hlen));
  th.th_sport = port_;
  th.th_dport = stack_port_;
  th.th_seq = seq.raw;
  th.th_ack = ack.raw;
  th.th_off = uint8_t(hlen / 4 << 4);
  th.th_flags = flags;
  th.th_win = win;
  th.th_urp = urp;
  std::vector<uint8_t> t(hlen + len);
  memcpy(t.data(), &th, sizeof th);
  if (mss != 0) {
    const uint8_t option[4] = {TCPOPT_MAXSEG, TCPOLEN_MAXSEG, uint8_t(mss >> 8), uint8_t(mss)};
    memcpy(t.data() + sizeof th, option, sizeof option);
  }
  uint32_t at = uint32_t(seq - iss_) - 1 + ((flags & TH_SYN) != 0);
  for (uint32_t i = 0; i < len; ++i) t[hlen + i] = peer_byte(number_, at + i);
  in_cksum sum;
  sum.add_pseudo(addr_, stack_addr_, IPPROTO_TCP, uint16_t(t.size()));
  sum.add(const_bytes(t));
  be16 check;
  check = sum.fold();
  memcpy(t.data() + offsetof(tcphdr, th_sum), &check, 2);
  return ip_frame(IPPROTO_TCP, std::move(t));
}

frame_bytes peer::ip_frame(uint8_t proto, std::vector<uint8_t> payload) const {
  ether_header eh{stack_mac, mac_of(number_), {}};
  eh.type = ETHERTYPE_IP;
  ip iph{};
  iph.ip_vhl = 0x45;
  iph.ip_len = uint16_t(sizeof iph + payload.size());
  iph.ip_ttl = 64;
  iph.ip_p = proto;
  iph.ip_src = addr_;
  iph.ip_dst = stack_addr_;
  in_cksum sum;
  sum.add(const_bytes(reinterpret_cast<const uint8_t *>(&iph), sizeof iph));
  iph.ip_sum = sum.fold();
  frame_bytes f(eth_len + sizeof iph + payload.size());
  put(f, 0, eh);
  put(f, eth_len, iph);
  if (!payload.empty()) memcpy(f.data() + eth_len + sizeof iph, payload.data(), payload.size());
  return f;
}

frame_bytes peer::udp(const op &o) {
  uint32_t len = uint32_t(o.arg[2]);
  udphdr uh{};
  uh.uh_sport = uint16_t(30000 + number_);
  uh.uh_dport = uint16_t(o.arg[1]);
  uh.uh_ulen = uint16_t(sizeof uh + len);
  std::vector<uint8_t> u(sizeof uh + len);
  for (uint32_t i = 0; i < len; ++i) u[sizeof uh + i] = peer_byte(number_, i);
  memcpy(u.data(), &uh, sizeof uh);
  in_cksum sum;
  sum.add_pseudo(addr_, stack_addr_, IPPROTO_UDP, uint16_t(u.size()));
  sum.add(const_bytes(u));
  uh.uh_sum = sum.fold();
  memcpy(u.data(), &uh, sizeof uh);
  return apply_damage(ip_frame(IPPROTO_UDP, std::move(u)));
}

// Errors quote what the stack sent last, as a router on the way would.
frame_bytes peer::icmp(const op &o) {
  static constexpr uint8_t type_code[][2] = {
      {ICMP_ECHO, 0},
      {ICMP_UNREACH, ICMP_UNREACH_NET},
      {ICMP_UNREACH, ICMP_UNREACH_HOST},
      {ICMP_UNREACH, ICMP_UNREACH_PROTOCOL},
      {ICMP_UNREACH, ICMP_UNREACH_PORT},
      {ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG},
      {ICMP_TIMXCEED, 0},
      {ICMP_PARAMPROB, 0},
  };
  const auto &tc = type_code[o.arg[1]];
  std::vector<uint8_t> body(tc[0] == ICMP_ECHO ? uint32_t(o.arg[2]) : 0u);
  for (uint32_t i = 0; i < body.size(); ++i) body[i] = peer_byte(number_, i);
  if (tc[0] != ICMP_ECHO)
    body.assign(last_seen_.begin(), last_seen_.begin() + long(std::min<size_t>(last_seen_.size(), 28)));
  struct icmp head{};
  head.icmp_type = tc[0];
  head.icmp_code = tc[1];
  std::vector<uint8_t> packet(sizeof head + body.size());
  memcpy(packet.data(), &head, sizeof head);
  std::copy(body.begin(), body.end(), packet.begin() + sizeof head);
  in_cksum sum;
  sum.add(const_bytes(packet));
  head.icmp_cksum = sum.fold();
  memcpy(packet.data(), &head, sizeof head);
  return apply_damage(ip_frame(IPPROTO_ICMP, std::move(packet)));
}

namespace {

frame_bytes arp_frame(const ether_addr &to, int number, uint16_t op, uint32_t spa, uint32_t tpa) {
  frame_bytes f(eth_len + 28);
  ether_header eh{to, mac_of(number), {}};
  eh.type = ETHERTYPE_ARP;
  put(f, 0, eh);
  const uint8_t fixed[6] = {0, 1, 8, 0, 6, 4};
  put(f, eth_len, fixed);
  be16 opcode;
  opcode = op;
  be32 a, b;
  a = spa;
  b = tpa;
  put(f, eth_len + 6, opcode);
  put(f, eth_len + 8, mac_of(number));
  put(f, eth_len + 14, a);
  if (op == 2) put(f, eth_len + 18, stack_mac);
  put(f, eth_len + 24, b);
  return f;
}

}  // namespace

frame_bytes peer::arp(const op &o) {
  switch (o.arg[1]) {
    case 0: return apply_damage(arp_frame(ether_broadcast, number_, 1, addr_, stack_addr_));
    case 1: return apply_damage(arp_frame(stack_mac, number_, 2, addr_, stack_addr_));
    case 2: return apply_damage(arp_frame(ether_broadcast, number_, 1, addr_, addr_));
    default: return apply_damage(arp_frame(ether_broadcast, number_, 1, addr_, stack_addr_ + 100));
  }
}

frame_bytes peer::apply_damage(frame_bytes f) {
  if (!damage_.armed) return f;
  damage_.armed = false;
  if (damage_.at < f.size()) f[damage_.at] ^= damage_.mask;
  if (damage_.fix) fix_checksums(f);
  return f;
}

void peer::sees(const_bytes f, std::vector<frame_bytes> *answers) {
  auto eh = get<ether_header>(f, 0);
  if (eh.type == ETHERTYPE_ARP) return sees_arp(f, answers);
  const_bytes packet = f.subspan(eth_len);
  auto iph = get<ip>(packet, 0);
  if (iph.ip_dst != addr_) return;
  last_seen_.assign(packet.begin(), packet.begin() + long(std::min<size_t>(packet.size(), 64)));
  if (iph.ip_p == IPPROTO_TCP) sees_tcp(packet, answers);
}

void peer::sees_arp(const_bytes f, std::vector<frame_bytes> *answers) {
  if (reaction_ == reaction::silent || f.size() < eth_len + 28) return;
  bool request = get<be16>(f, eth_len + 6) == 1;
  if (!request || get<be32>(f, eth_len + 24) != addr_) return;
  answers->push_back(arp_frame(stack_mac, number_, 2, addr_, stack_addr_));
}

void peer::sees_tcp(const_bytes packet, std::vector<frame_bytes> *answers) {
  auto th = get<tcphdr>(packet, sizeof(ip));
  size_t hlen = sizeof(ip) + (th.th_off >> 4) * 4u;
  uint32_t len = uint32_t(packet.size() - hlen);
  uint8_t flags = th.th_flags;
  tcp_seq seq{th.th_seq}, ack{th.th_ack};
  bool syn = (flags & TH_SYN) != 0, fin = (flags & TH_FIN) != 0;
  bool other = th.th_dport != port_ || th.th_sport != stack_port_;
  if (other && (!syn || (flags & TH_ACK))) return;  // an older conversation's
  if (other) {                                      // the stack connects to us
    new_conversation(th.th_sport);
    port_ = th.th_dport;
  }
  if (syn && !synced_) {
    synced_ = true;
    rcv_nxt_ = rcv_max_ = acked_ = seq;
  }
  if ((flags & TH_ACK) && seq_gt(ack, snd_una_) && seq_leq(ack, snd_nxt_)) snd_una_ = ack;
  if (flags & TH_ACK) snd_wnd_ = th.th_win;
  uint32_t seqlen = len + syn + fin;
  bool in_order = seq_leq(seq, rcv_nxt_) && seq_gt(seq + seqlen, rcv_nxt_);
  if (in_order) rcv_nxt_ = seq + seqlen;
  rcv_max_ = seq_max(rcv_max_, seq + seqlen);
  rcv_max_ = seq_max(rcv_max_, rcv_nxt_);
  if (flags & TH_RST) return;

  if (reaction_ == reaction::reset) {
    answers->push_back(tcp_frame(snd_nxt_, rcv_nxt_, TH_RST | TH_ACK, 0, 0, 0, 0));
    return;
  }
  bool active = reaction_ == reaction::ack || reaction_ == reaction::close;
  if (!active || seqlen == 0) return;
  uint8_t answer = TH_ACK;
  bool open = syn && !(flags & TH_ACK);
  if (open) answer |= TH_SYN;
  if (reaction_ == reaction::close && fin && in_order) answer |= TH_FIN;
  tcp_seq from = open ? iss_ : snd_nxt_;
  answers->push_back(tcp_frame(from, rcv_nxt_, answer, 65535, 0, open ? 1460 : 0, 0));
  acked_ = rcv_nxt_;
  advance(from, ((answer & TH_SYN) != 0) + ((answer & TH_FIN) != 0));
}

}  // namespace kyu::fuzz
