// What arrives, and what has to be said to it.
#include "oracles/monitor.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

// What comes from there is nobody's (RFC 1122, 3.2.1.3).
constexpr bool is_no_host(uint32_t addr) {
  return addr == 0 || addr >> 24 == 127 || addr >> 28 == 0xe || addr == 0xffffffff;
}

}  // namespace

void monitor::frame_in(uint64_t now, const_bytes f) {
  arp_.something_happens();
  read_frame(f, in_);
  if (in_.is == wire_frame::kind::arp) return arp_.arrives(now, in_, !blind_ && !address_moves_);
  if (in_.is == wire_frame::kind::fragment && !whole_seen_) off_ = true;  // of what?
  if (in_.is == wire_frame::kind::udp && in_.wrong == nullptr) datagram_in(now, in_);
  if (in_.is == wire_frame::kind::icmp && in_.wrong == nullptr) path_in(in_);  // by any address of the link
  bool for_us = ours(in_);
  icmp_.arrives(now, in_, for_us);
  if (in_.is == wire_frame::kind::fragment) return piece_in(now, in_);
  pieces_.came_whole(in_);
  if (in_.is == wire_frame::kind::udp && in_.wrong == nullptr && options_pass(in_)) deliver(in_);
  if (!for_us) return;
  expect_icmp(now, in_);
  if (in_.is == wire_frame::kind::icmp) error_in(now, in_);
  if (in_.is == wire_frame::kind::tcp) segment_in(now, in_, false);
}

void monitor::whole_in(uint64_t now, const_bytes f) {
  whole_seen_ = true;
  read_frame(f, in_);
  bool whole = in_.wrong == nullptr && in_.is != wire_frame::kind::fragment;
  if (!whole) return void(off_ = true);  // how much of it survives being cut into pieces?
  if (in_.is == wire_frame::kind::tcp) segment_in(now, in_, true);
  if (in_.is == wire_frame::kind::udp) datagram_in(now, in_);
  if (in_.is == wire_frame::kind::icmp) path_in(in_);
  icmp_.comes_in_pieces(in_);
  pieces_.cut(f, in_);
}

void monitor::piece_in(uint64_t now, const wire_frame &f) {
  bool for_many = (f.link_to[0] & 1) != 0 || (f.to & 0xff) == 0xff;
  if (f.wrong == nullptr && for_many) pieces_.doubt();  // it may be kept, and be in the way
  const_bytes frame = ours(f) ? pieces_.arrives(now, f) : const_bytes();
  if (pieces_.lost_track()) boxes_.doubt_all();
  if (frame.empty()) return;
  read_frame(frame, whole_);
  expect_icmp(now, whole_);
  if (whole_.is == wire_frame::kind::udp) deliver(whole_);
}

void monitor::segment_in(uint64_t now, const wire_frame &f, bool whole) {
  const wire_tcp &t = f.tcp;
  tcp_flow *flow = flow_of({f.to, f.from, t.dport, t.sport}, t.has(bit_syn));
  stray_ = t;
  stray_at_.reset();
  if (reaches(now, f.from)) stray_at_ = now;
  if (!whole) expect_reset(now, f, flow);
  bool finds_room = flow != nullptr && !whole && flow->only_syns_came() && !flow->ever_open() && has_room(f);
  surroundings s = now_is(now);
  s.held = arp_.waits_for(f.from);
  if (flow != nullptr) flow->arrives(t, s, whole || !options_pass(f));
  if (finds_room) flow->find_room(reaches(now, f.from));
  if (flow != nullptr && flow->takes_its_place()) queue_.completed(flow->who());
  if (flow != nullptr && (flow->may_be_over() || flow->out_of_sight())) queue_.may_be_over(flow->who());
  bool of_none = flow == nullptr || !flow->ever_open();
  if (of_none && t.has(bit_ack)) acks_of_none_.add({f.to, f.from, t.dport, t.sport});
}

// Another host of the link's network.
bool monitor::is_neighbour(uint32_t addr) const {
  uint32_t host = addr & 0xff;
  return (addr ^ addr_) >> 8 == 0 && addr != addr_ && host != 0 && host != 0xff;
}

// For us alone.
bool monitor::from_neighbour(const wire_frame &f) const {
  return is_our_link(f.link_to) && f.to == addr_ && is_neighbour(f.from);
}

// Nothing keeps what is for there from leaving at once: not ARP, either.
bool monitor::reaches(uint64_t now, uint32_t addr) const {
  return !blind_ && !address_moves_ && arp_.knows(now, addr);
}

// The answer to a SYN that no user has sent. A listener has no use for it, either.
bool monitor::is_for_nobody(const wire_frame &f, const tcp_flow *flow) const {
  const wire_tcp &t = f.tcp;
  bool answers = t.flags == (bit_syn | bit_ack) && t.reserved == 0 && t.len() == 0 && t.options_end_well;
  return answers && flow != nullptr && !flow->out_of_sight() && from_neighbour(f) &&
         !acks_of_none_.may_have_had({f.to, f.from, t.dport, t.sport});
}

// Where nobody can have bound its port.
void monitor::expect_reset(uint64_t now, const wire_frame &f, tcp_flow *flow) {
  bool asks = options_pass(f) && !f.tcp.has(bit_rst) && f.tcp.dport != 0 && f.tcp.sport != 0;
  if (!asks || (flow != nullptr && flow->ever_open())) return;
  if (may_be_taken(f.tcp.dport) && !is_for_nobody(f, flow)) return;
  if (reaches(now, f.from)) ++resets_due_;
}

// A SYN for a listener in whose queue there is room; of who only has sent a SYN, it need not remember
// anything (RFC 4987, 3.6).
bool monitor::has_room(const wire_frame &f) {
  const wire_tcp &t = f.tcp;
  bool plain = t.flags == bit_syn && t.reserved == 0 && t.len() == 0 && t.sport != 0 && t.options_end_well;
  if (!plain || !options_pass(f) || listens_ || users_may_end_ || many_flows_ || blind_ || address_moves_)
    return false;
  std::span<tcp_flow> known = flows();
  auto waiting = uint32_t(std::count_if(known.begin(), known.end(), [&t](const tcp_flow &flow) {
    return flow.who().our_port == t.dport && !flow.only_syns_came();
  }));
  constexpr uint32_t surely_held = 8;  // a host may hold fewer than a user asks for
  auto all = listeners_.all();
  return std::any_of(all.begin(), all.end(), [&](const listener &l) {
    return l.port == t.dport && waiting < std::min(l.backlog, surely_held);
  });
}

// A reply that has to go in pieces is not told from others.
void monitor::expect_icmp(uint64_t now, const wire_frame &f) {
  if (!reaches(now, f.from) || path_shrank_) return;
  bool port_closed = f.dport != 0 && !any_udp_port_ && !may_be_taken(f.dport);
  icmp_.must_answer(f, port_closed);
}

void monitor::datagram_in(uint64_t now, const wire_frame &f) {
  if (f.dport == dhcp_client) {
    bool reaches_us = f.to == dhcp_everybody ? is_for_all(f) : is_our_link(f.link_to);
    dhcp_.arrives(now, f, reaches_us && is_neighbour(f.from) && options_pass(f) && !whole_seen_);
  }
  bool surely = from_neighbour(f) && options_pass(f) && !whole_seen_;
  names_.arrives(f, surely);
  files_.arrives(f, surely);
  datagrams_.add(hash_bytes(f.datagram));
}

// For a socket of its port, and no other, unless it was sent to many or under another's name.
void monitor::deliver(const wire_frame &f) {
  if (is_no_host(f.from)) return;
  bool for_us = from_neighbour(f);
  bool perhaps = address_moves_ || f.to == addr_ || (f.to & 0xff) == 0xff;
  if (for_us && !address_moves_)
    boxes_.arrives(f.dport, f.datagram);
  else if (perhaps)
    boxes_.may_arrive(f.dport);
}

}  // namespace kyu::fuzz
