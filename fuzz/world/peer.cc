#include "world/peer.h"

#include "scenario/checksums.h"
#include "udp/udp.h"
#include "world/dhcp_answers.h"
#include "world/dns_answers.h"
#include "world/tftp_answers.h"

#include <algorithm>
#include <cstring>

namespace kyu::fuzz {

namespace {

constexpr ether_addr stack_mac{{0x02, 0, 0, 0, 0, 1}};

// What Kyu's server on port 114 understands, in the order of op.cc's names; null: the stream.
const char *text_of(const op &o) {
  static const int at = arg_index(opcode::seg, "text");
  static constexpr const char *texts[] = {nullptr,
                                          "big\n",
                                          "lots 30\n",
                                          "stat\n",
                                          "help\r\n",
                                          "q\n",
                                          "\r\n",
                                          "lot\n",
                                          "a line of more than eighty letters, which are more than the "
                                          "server has room for, and then another end\n",
                                          "lots 99999999999\n"};
  return texts[o.arg[size_t(at)]];
}

constexpr uint16_t arp_request = 1, arp_reply = 2;

}  // namespace

void peer::begin(int number, uint32_t stack_addr) {
  *this = peer();  // so that nothing of the last scenario can be forgotten here
  number_ = number;
  stack_addr_ = stack_addr;
  addr_ = stack_addr + 1 + uint32_t(number);
  new_conversation(0);
}

bool peer::take(const op &o) {
  switch (o.code) {
    case opcode::damage: damage(uint16_t(o.arg[1]), uint8_t(o.arg[2]), o.arg[3] != 0); return true;
    case opcode::ip: shape(ip_shape::of(o)); return true;
    case opcode::react: react(reaction(o.arg[1])); return true;
    default: return false;
  }
}

// Initial numbers lie on both sides of the wrap; the first peer's streams cross it.
void peer::new_conversation(uint16_t stack_port) {
  port_ = uint16_t(40000 + number_ * 1000 + conversations_++ % 1000);
  stack_port_ = stack_port;
  iss_ = {0xffffff00u + uint32_t(number_) * 0x40000000u + conversations_ * 0x10000u};
  snd_nxt_ = snd_una_ = iss_;
  snd_wnd_ = 0;
  synced_ = false;
  irs_ = rcv_nxt_ = rcv_max_ = acked_ = {};
  options_.begin();
}

route peer::to_stack() const { return {link_of(number_), stack_mac, addr_, stack_addr_}; }
route peer::to_all() const { return {link_of(number_), ether_broadcast, addr_, stack_addr_}; }

// To the stack, or to all by the limited or the directed broadcast address.
route peer::udp_route(int to) const {
  route r = to == 0 ? to_stack() : to_all();
  if (to == 1) r.to = INADDR_BROADCAST;
  if (to == 2) r.to = stack_addr_ | 0xff;
  return r;
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

void peer::build(const op &o, uint64_t now, frame &f) {
  now_ = now;
  switch (o.code) {
    case opcode::seg: segment(o, f); break;
    case opcode::udp: datagram(o, f); break;
    case opcode::icmp: icmp(o, f); break;
    default: arp(o, f); break;
  }
  apply_damage(f);
}

void peer::datagram(const op &o, frame &f) {
  const int dns = o.arg[4], tftp = o.arg[5], dhcp = o.arg[6];
  const_bytes query(query_.data(), query_len_);
  std::vector<uint8_t> m;
  if (dhcp != 0) {
    m = answer_dhcp(dhcp_kind(dhcp), query, stack_addr_, addr_);
    return build_udp(f, udp_route(wants_broadcast(query)), query_to_, query_from_, m);
  }
  if (tftp != 0) {
    // From a port of its own, by which the transfer is known.
    bool stranger =
        tftp_answer(tftp) == tftp_answer::other_port || tftp_answer(tftp) == tftp_answer::other_error;
    auto port = uint16_t(32000 + number_ + stranger);
    return build_udp(f, to_stack(), port, query_from_, answer_tftp(tftp_answer(tftp), query));
  }
  if (dns != 0) m = answer_query(dns_answer(dns), query);
  if (!m.empty()) return build_udp(f, to_stack(), query_to_, query_from_, m);
  build_udp(f, udp_route(o.arg[3]), uint16_t(30000 + number_), uint16_t(o.arg[1]), number_,
            uint32_t(o.arg[2]));
}

void peer::sees_udp(const_bytes packet) {
  if (packet.size() < sizeof(ip) + sizeof(udphdr)) return;
  auto uh = load<udphdr>(packet, sizeof(ip));
  query_from_ = uh.uh_sport;
  query_to_ = uh.uh_dport;
  const_bytes payload = packet.subspan(sizeof(ip) + sizeof uh);
  query_len_ = uint32_t(std::min(payload.size(), query_.size()));
  std::copy_n(payload.begin(), query_len_, query_.begin());
}

void peer::segment(const op &o, frame &f) {
  uint8_t flags = uint8_t(o.arg[1]);
  bool syn = (flags & TH_SYN) != 0;
  uint16_t port = uint16_t(o.arg[2]);
  if (port != 0 && syn) new_conversation(port);
  if (port != 0) stack_port_ = port;
  tcp_seq seq = seq_base(o.arg[3]) + uint32_t(o.arg[4]);
  tcp_seq ack = (flags & TH_ACK) ? ack_base(o.arg[5]) + uint32_t(o.arg[6]) : tcp_seq{};
  const char *text = text_of(o);
  uint32_t len = text != nullptr ? uint32_t(strlen(text)) : uint32_t(o.arg[7]);
  tcphdr th = header(seq, ack, flags, uint16_t(o.arg[8]));
  th.th_urp = uint16_t(o.arg[9]);
  uint32_t place = uint32_t(seq - iss_) - 1 + syn;
  build_tcp(f, to_stack(), th, options_.asked(o, now_), number_, place, len, text);
  advance(seq, len + syn + ((flags & TH_FIN) != 0));
  if (flags & TH_ACK) acked_ = ack;
}

tcphdr peer::header(tcp_seq seq, tcp_seq ack, uint8_t flags, uint16_t win) const {
  tcphdr th{};
  th.th_sport = port_;
  th.th_dport = stack_port_;
  th.th_seq = seq.raw;
  th.th_ack = ack.raw;
  th.th_flags = flags;
  th.th_win = win;
  return th;
}

// Errors quote what the stack sent last, as a router on the way would.
void peer::icmp(const op &o, frame &f) {
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
  const auto &[type, code] = type_code[o.arg[1]];
  if (type == ICMP_ECHO)
    build_icmp_echo(f, to_stack(), number_, uint32_t(o.arg[2]));
  else
    build_icmp_error(f, to_stack(), type, code,
                     code == ICMP_UNREACH_NEEDFRAG ? uint16_t(o.arg[3]) : uint16_t(0),
                     {last_seen_.data(), last_seen_len_});
}

// Some are about the host with number `host` on our network.
void peer::arp(const op &o, frame &f) {
  uint32_t other = (stack_addr_ & 0xffffff00) | uint32_t(o.arg[2]);
  switch (o.arg[1]) {
    case 0: return build_arp(f, to_all(), arp_request, addr_, stack_addr_);
    case 1: return build_arp(f, to_stack(), arp_reply, addr_, stack_addr_);
    case 2: return build_arp(f, to_all(), arp_request, addr_, addr_);
    case 3: return build_arp(f, to_all(), arp_request, addr_, stack_addr_ + 100);
    case 4: return build_arp(f, to_all(), arp_request, stack_addr_, stack_addr_);
    case 5: return build_arp(f, to_all(), arp_reply, other, other);
    default: return build_arp(f, to_all(), arp_request, 0, other);
  }
}

bool peer::take_shape(ip_shape *s) {
  if (!shape_.armed) return false;
  shape_.armed = false;
  *s = shape_.shape;
  return true;
}

void peer::apply_damage(frame &f) {
  if (!damage_.armed) return;
  damage_.armed = false;
  if (f.len > 0) f.data[damage_.at % f.len] ^= damage_.mask;
  if (damage_.fix) fix_checksums(f.view());
}

bool peer::sees(const_bytes f, uint64_t now, frame &answer) {
  now_ = now;
  if (load<ether_header>(f, 0).type == ETHERTYPE_ARP) return sees_arp(f, answer);
  const_bytes packet = f.subspan(eth_len);
  auto iph = load<ip>(packet, 0);
  if (iph.ip_dst == INADDR_BROADCAST && iph.ip_p == IPPROTO_UDP) sees_udp(packet);
  if (iph.ip_dst != addr_) return false;
  last_seen_len_ = uint32_t(std::min(packet.size(), last_seen_.size()));
  std::copy_n(packet.begin(), last_seen_len_, last_seen_.begin());
  if (iph.ip_p == IPPROTO_UDP && (iph.ip_off & (IP_MF | IP_OFFMASK)) == 0) sees_udp(packet);
  return iph.ip_p == IPPROTO_TCP && sees_tcp(packet, answer);
}

bool peer::sees_arp(const_bytes f, frame &answer) {
  constexpr uint32_t arp_len = 28, op_at = 6, tpa_at = 24;
  if (reaction_ == reaction::silent || f.size() < eth_len + arp_len) return false;
  if (load<be16>(f, eth_len + op_at) != arp_request || load<be32>(f, eth_len + tpa_at) != addr_) return false;
  build_arp(answer, to_stack(), arp_reply, addr_, stack_addr_);
  return true;
}

bool peer::sees_tcp(const_bytes packet, frame &answer) {
  seen s;
  return follow(packet, &s) && answer_to(s, answer);
}

// Keeps the conversation's numbers. False: the segment is not of this conversation.
bool peer::follow(const_bytes packet, seen *s) {
  auto th = load<tcphdr>(packet, sizeof(ip));
  uint8_t flags = th.th_flags;
  tcp_seq seq{th.th_seq}, ack{th.th_ack};
  bool syn = (flags & TH_SYN) != 0, fin = (flags & TH_FIN) != 0;
  bool other = th.th_dport != port_ || th.th_sport != stack_port_;
  if (other && (!syn || (flags & TH_ACK))) return false;  // an older conversation's
  if (other) {                                            // the stack connects to us
    new_conversation(th.th_sport);
    port_ = th.th_dport;
  }
  if (syn && (!synced_ || seq != irs_)) {
    // Once synchronised, another SYN from there is a new incarnation that answers a new SYN of ours.
    if (synced_ && (flags & TH_ACK)) {
      iss_ = ack - 1u;
      snd_una_ = snd_nxt_ = ack;
    }
    synced_ = true;
    irs_ = rcv_nxt_ = rcv_max_ = acked_ = seq;
  }
  if ((flags & TH_ACK) && seq_gt(ack, snd_una_) && seq_leq(ack, snd_nxt_)) snd_una_ = ack;
  uint32_t hlen = (th.th_off >> 4) * 4u, len = uint32_t(packet.size() - sizeof(ip)) - hlen;
  options_.sees(tcp_read_options(packet.subspan(sizeof(ip) + sizeof th, hlen - sizeof th), syn), syn);
  if (flags & TH_ACK) snd_wnd_ = uint32_t(th.th_win) << (syn ? 0 : options_.window_shift());
  uint32_t seqlen = len + syn + fin;
  bool in_order = seq_leq(seq, rcv_nxt_) && seq_gt(seq + seqlen, rcv_nxt_);
  if (in_order) rcv_nxt_ = options_.joined(seq + seqlen);
  rcv_max_ = seq_max(seq_max(rcv_max_, seq + seqlen), rcv_nxt_);
  options_.sees_data({seq, seq + seqlen}, rcv_nxt_);
  *s = {flags, seqlen, in_order};
  return true;
}

bool peer::answer_to(const seen &s, frame &answer) {
  if (s.flags & TH_RST) return false;
  if (reaction_ == reaction::reset) {
    build_tcp(answer, to_stack(), header(snd_nxt_, rcv_nxt_, TH_RST | TH_ACK, 0), {}, number_, 0, 0);
    return true;
  }
  bool active = reaction_ == reaction::ack || reaction_ == reaction::close;
  if (!active || s.seqlen == 0) return false;
  bool open = (s.flags & (TH_SYN | TH_ACK)) == TH_SYN;
  bool close = reaction_ == reaction::close && (s.flags & TH_FIN) != 0 && s.in_order;
  uint8_t flags = uint8_t(TH_ACK | (open ? TH_SYN : 0) | (close ? TH_FIN : 0));
  tcp_seq from = open ? iss_ : snd_nxt_;
  tcp_options opt = open ? options_.answer_offer(now_) : options_.usual(now_);
  build_tcp(answer, to_stack(), header(from, rcv_nxt_, flags, 65535), opt, number_, 0, 0);
  acked_ = rcv_nxt_;
  advance(from, uint32_t(open) + close);
  return true;
}

void build_frames(const op &o, std::span<peer> peers, uint64_t now,
                  const std::function<void(const frame &)> &emit) {
  frame f;
  if (o.code == opcode::raw) {
    f.len = uint32_t(o.bytes.size());
    std::copy(o.bytes.begin(), o.bytes.end(), f.data);
    return emit(f);
  }
  peer &p = peers[size_t(o.arg[0])];
  p.build(o, now, f);
  ip_shape shape;
  if (p.take_shape(&shape))
    shape_packet(f, shape, emit);
  else
    emit(f);
}

}  // namespace kyu::fuzz
