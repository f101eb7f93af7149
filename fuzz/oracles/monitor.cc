#include "oracles/monitor.h"

#include "scenario/calls.h"
#include "socket/sockopt.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

constexpr uint16_t dhcp_server = 67, dhcp_client = 68;

constexpr rule must_reset{"a segment of no connection is not reset", "RFC 9293, 3.10.7.1"};
constexpr rule stray_numbers{"a reset with other numbers than its receiver expects", "RFC 9293, 3.10.7.1"};
constexpr rule answers_reset{"a reset is answered", "RFC 9293, 3.5.2"};
constexpr rule no_echo{"a server sends what it must not", "RFC 862; RFC 863"};
constexpr rule services_port{"a port that may be a service's is chosen for a client",
                             "RFC 6335, 6; RFC 6056, 3.2"};

// What comes from there is nobody's (RFC 1122, 3.2.1.3).
constexpr bool is_no_host(uint32_t addr) {
  return addr == 0 || addr >> 24 == 127 || addr >> 28 == 0xe || addr == 0xffffffff;
}

}  // namespace

void monitor::begin(uint32_t addr, const link_address &link) {
  std::vector<tcp_flow> flows = std::move(flows_);
  *this = monitor();
  flows_ = std::move(flows);
  flows_.reserve(max_flows);  // others point into it
  addr_ = addr;
  link_ = link;
  arp_.begin(addr, link);
}

surroundings monitor::now_is(uint64_t now) const {
  return {.now = now,
          .made = now,
          .blind = blind_ || off_,
          .crowded = n_flows_ > 1,
          .users_may_end = users_may_end_,
          .half_closes = half_closes_,
          .nagle = nagle_,
          .keep_alive = keep_alive_};
}

tcp_flow *monitor::flow_of(const tcp_flow::name &who, bool make) {
  for (tcp_flow &f : flows())
    if (f.who() == who) return &f;
  if (!make) return nullptr;
  if (n_flows_ == max_flows) {
    many_flows_ = true;
    return nullptr;
  }
  if (flows_.size() == n_flows_) flows_.emplace_back();
  flows_[n_flows_].begin(who);
  if (!acks_of_none_.empty() && acks_of_none_.may_have_had(who))
    flows_[n_flows_].lose_sight();  // it may be open
  if (path_shrank_) flows_[n_flows_].path_shrank();
  return &flows_[n_flows_++];
}

bool monitor::ours(const wire_frame &f) const {
  return f.wrong == nullptr && is_our_link(f.link_to) && (f.to == addr_ || address_moves_);
}

void monitor::port_taken(uint16_t port) {
  ports_.add(port);
  any_port_ = any_port_ || port == 0 || ports_.forgot_some();
}

// Meanwhile what is to be sent may have nowhere to leave from.
void monitor::address_changes() {
  address_moves_ = users_may_end_ = blind_ = true;
  names_.doubt();
  files_.doubt();
}

void monitor::server_starts(server s) {
  servers_ = any_port_ = any_may_end_ = users_may_end_ = true;
  echo_ = echo_ || s == server::echo;
  discard_ = discard_ || s == server::discard;
}

void monitor::call_begins(const op &o, uint64_t now) {
  arp_.something_happens();
  switch (o.code) {
    case opcode::bind: port_taken(uint16_t(o.arg[2])); break;
    case opcode::tcp_bind: port_taken(uint16_t(o.arg[1])); break;
    case opcode::connect:  // it may be the resolver's socket, or the DHCP client's
      names_.doubt();
      if (o.arg[3] == dhcp_server) dhcp_.set_by_hand();
      [[fallthrough]];
    case opcode::listen: listens_ = listens_ || o.code == opcode::listen; [[fallthrough]];
    case opcode::tcp_connect: any_port_ = true; break;
    case opcode::server: server_starts(server(o.arg[1])); break;
    case opcode::setopt:
      keep_alive_.call_begins(option_of(o), uint32_t(o.arg[3]));
      sizes_buffers_ = sizes_buffers_ || option_of(o) == SO_SNDBUF || option_of(o) == SO_RCVBUF;
      nagle_ = nagle_ && option_of(o) != TCP_NODELAY && option_of(o) != TCP_MAXSEG;
      any_may_end_ = users_may_end_ = true;
      break;
    case opcode::shutdown: half_closes_ = true; [[fallthrough]];
    case opcode::close: users_may_end_ = true; break;
    case opcode::sendto:
      names_.doubt();
      if (o.arg[3] == dhcp_server) dhcp_.set_by_hand();  // perhaps by the client's own descriptor
      any_udp_port_ = true;
      break;
    case opcode::resolve:
      names_.call_begins(name_of(o));
      any_udp_port_ = true;
      break;
    case opcode::tftp:
      files_.call_begins(addr_ + 1 + uint32_t(o.arg[1]), uint32_t(o.arg[2]));
      any_udp_port_ = true;
      break;
    case opcode::dhcp:
      dhcp_.client_begins(now);
      arp_.address_gone();
      return address_changes();
    case opcode::ifaddr: dhcp_.set_by_hand(); return address_changes();
    default: break;
  }
}

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
  bool opens = flow != nullptr && !whole && flow->only_syns_came() && !flow->ever_open() && must_open(now, f);
  if (flow != nullptr) flow->arrives(t, now_is(now), whole || !options_pass(f));
  if (opens) flow->expect_syn_ack();
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

// Where nobody can have bound its port.
void monitor::expect_reset(uint64_t now, const wire_frame &f, tcp_flow *flow) {
  bool asks = options_pass(f) && !f.tcp.has(bit_rst) && f.tcp.dport != 0 && f.tcp.sport != 0;
  if (!asks || may_be_taken(f.tcp.dport) || (flow != nullptr && flow->ever_open())) return;
  if (reaches(now, f.from)) ++resets_due_;
}

// A SYN for a listener in whose queue there is room; of who only has sent a SYN, it need not remember
// anything (RFC 4987, 3.6).
bool monitor::must_open(uint64_t now, const wire_frame &f) {
  const wire_tcp &t = f.tcp;
  bool plain = t.flags == bit_syn && t.reserved == 0 && t.len() == 0 && t.sport != 0 && t.options_end_well;
  if (!plain || !options_pass(f) || listens_ || users_may_end_ || many_flows_ || !reaches(now, f.from))
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

void monitor::frame_out(uint64_t now, const_bytes f) {
  if (off_) return;
  read_frame(f, out_);
  if (out_.is == wire_frame::kind::arp) return judge_arp(now, out_);
  judge_ip(out_);
  judge_receiver(now, out_);
  if (!disordered_) dhcp_.judge_source(now, out_.from);
  uint64_t made = (out_.link_to[0] & 1) == 0 ? arp_.reached(now, out_.to) : now;
  blind_ = blind_ || arp_.lost_some();
  if (out_.is == wire_frame::kind::tcp) segment_out(now, made, out_);
  if (out_.is == wire_frame::kind::udp) datagram_out(now, made, out_);
  if (out_.is == wire_frame::kind::icmp) icmp_.leaves(out_);
}

// What no user has asked for was the stack's own choice.
void monitor::judge_port(uint16_t port) const {
  bool asked_for = servers_ || ports_.may_have_had(port);
  expect_rule(asked_for || port >= first_ephemeral, services_port, "no user has asked for it");
}

// Where no user has a hand in it.
void monitor::judge_server(const tcp_flow &flow, const wire_tcp &t) const {
  constexpr uint16_t echo_port = 7, discard_port = 9;
  if (servers_disturbed_ || ports_.may_have_had(t.sport)) return;
  if (echo_ && t.sport == echo_port) expect_rule(flow.echoes(t), no_echo, "other bytes, or more of them");
  if (discard_ && t.sport == discard_port) expect_rule(t.len() == 0, no_echo, "it is to discard them");
}

void monitor::segment_out(uint64_t now, uint64_t made, const wire_frame &f) {
  const wire_tcp &t = f.tcp;
  if (t.flags == bit_syn) judge_port(t.sport);
  tcp_flow *flow = flow_of({f.from, f.to, t.sport, t.dport}, t.has(bit_syn) && !t.has(bit_ack));
  surroundings s = now_is(now);
  s.made = made;
  if (flow != nullptr && flow->ever_open()) {
    judge_server(*flow, t);
    return flow->leaves(t, s);
  }
  if (t.has(bit_rst)) return stray_reset_out(now, f, flow != nullptr && flow->out_of_sight());
  if (flow != nullptr)
    flow->leaves(t, s);
  else if (!many_flows_ && !address_moves_ && !acks_of_none_.may_have_had({f.from, f.to, t.sport, t.dport}))
    tcp_flow().leaves(t, s);  // without a connection
}

// The answer to the segment that came last, where it comes at once.
void monitor::stray_reset_out(uint64_t now, const wire_frame &f, bool may_be_open) {
  const wire_tcp &t = f.tcp;
  bool ports = stray_.dport == t.sport && stray_.sport == t.dport;
  bool answers_last = ports && resets_due_ == 1;
  may_be_open = may_be_open || acks_of_none_.may_have_had({f.from, f.to, t.sport, t.dport});
  if (ports && stray_.has(bit_rst) && stray_at_ == now && !blind_ && !may_be_open)
    broken(answers_reset, "to a reset there is nothing to say");
  if (resets_due_ > 0) --resets_due_;
  if (!answers_last) return;
  if (stray_.has(bit_ack))
    expect_rule(t.seq == stray_.ack && !t.has(bit_ack), stray_numbers,
                "its number is not the one that was acknowledged");
  else
    expect_rule(t.seq == 0 && t.has(bit_ack) && t.ack == stray_.end(), stray_numbers,
                "it does not acknowledge what arrived");
}

void monitor::judge(uint64_t now) {
  if (off_) return;
  if (blind_) {
    resets_due_ = 0;
    arp_.excuse();
    icmp_.excuse();
  }
  expect_rule(resets_due_ == 0, must_reset, "nobody can have bound its port");
  arp_.expect_reply();
  icmp_.expect_answers();
  if (unseen_ || ports_.may_have_had(dhcp_client))
    dhcp_.excuse();
  else
    dhcp_.expect_progress(now);
  if (nothing_unseen()) {
    names_.expect_result();
    files_.expect_answer();
  }
  surroundings s = now_is(now);
  for (tcp_flow &flow : flows()) {
    s.blind = blind_ || arp_.waits_for(flow.who().theirs);
    flow.expect_answers(s);
  }
}

void monitor::everything_closes() {
  any_may_end_ = users_may_end_ = true;
  for (tcp_flow &flow : flows()) flow.user_may_leave();
  names_.doubt();
  files_.doubt();
}

void monitor::clients_disturbed() {
  servers_disturbed_ = true;
  names_.doubt();
  files_.doubt();
  dhcp_.set_by_hand();
}

// --- what users see

tcp_flow *monitor::only_flow_to(uint32_t addr, uint16_t port) {
  tcp_flow *found = nullptr;
  for (tcp_flow &flow : flows()) {
    if (flow.who().theirs != addr || flow.who().their_port != port) continue;
    if (found != nullptr) return nullptr;
    found = &flow;
  }
  return off_ || address_moves_ || may_have_opened_unseen(addr, port, found) ? nullptr : found;
}

// By a cookie that was given away before, or that came true by chance; another connection than this one.
bool monitor::may_have_opened_unseen(uint32_t addr, uint16_t port, const tcp_flow *but) const {
  auto all = acks_of_none_.all();
  return acks_of_none_.forgot_some() || std::any_of(all.begin(), all.end(), [&](const tcp_flow::name &n) {
           return n.theirs == addr && n.their_port == port && (but == nullptr || but->who() != n);
         });
}

// A user may have the client's port.
void monitor::datagram_out(uint64_t now, uint64_t made, const wire_frame &f) {
  names_.leaves(f, now, made == now);
  files_.leaves(f, now, made == now);
  datagram_out_ = {f.to, f.dport, hash_bytes(f.datagram)};
  if (f.sport != dhcp_client) judge_port(f.sport);
  if (f.sport == dhcp_client && f.dport == dhcp_server && !disordered_ && !ports_.may_have_had(dhcp_client))
    dhcp_.leaves(now, made, f);
}

void monitor::datagram_in(uint64_t now, const wire_frame &f) {
  if (f.dport == dhcp_client) {
    bool reaches_us = f.to == 0xffffffff ? is_for_all(f) : is_our_link(f.link_to);
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

bool monitor::datagram_arrived(const_bytes data) const {
  return off_ || datagrams_.may_have_had(hash_bytes(data));
}

bool monitor::datagram_left(uint32_t addr, uint16_t port, const_bytes data, uint64_t now) {
  constexpr size_t most = 1472;  // bytes in one frame
  bool unseen = off_ || path_shrank_ || data.size() > most || !reaches(now, addr);
  bool left = datagram_out_ == sent{addr, port, hash_bytes(data)};
  datagram_out_.reset();
  return left || unseen;
}

}  // namespace kyu::fuzz
