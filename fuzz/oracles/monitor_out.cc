// What leaves, by what is in it. What every frame must obey is in frame_rules.cc.
#include "oracles/monitor.h"

namespace kyu::fuzz {

namespace {

constexpr uint16_t echo_port = 7, discard_port = 9;

constexpr rule stray_numbers{"a reset with other numbers than its receiver expects", "RFC 9293, 3.10.7.1"};
constexpr rule answers_reset{"a reset is answered", "RFC 9293, 3.5.2"};
constexpr rule no_echo{"a server sends what it must not", "RFC 862; RFC 863"};
constexpr rule no_checksum{"a datagram leaves without a checksum", "RFC 1122, 4.1.3.4"};
constexpr rule guessed{"the first number of a connection can be guessed", "RFC 9293, 3.4.1; RFC 6528, 3"};
constexpr rule guessed_port{"the port of a client can be guessed", "RFC 6056, 3.2"};
constexpr rule services_port{"a port that may be a service's is chosen for a client",
                             "RFC 6335, 6; RFC 6056, 3.2"};

}  // namespace

void monitor::frame_out(uint64_t now, const_bytes f) {
  if (off_) return;
  read_frame(f, out_);
  if (out_.is == wire_frame::kind::arp) return judge_arp(now, out_);
  judge_ip(now, out_);
  judge_receiver(now, out_);
  if (!disordered_) dhcp_.judge_source(now, out_.from);
  uint64_t made = (out_.link_to[0] & 1) == 0 ? arp_.reached(now, out_.to) : now;
  blind_ = blind_ || arp_.lost_some();
  if (out_.is == wire_frame::kind::tcp) segment_out(now, made, out_);
  if (out_.is == wire_frame::kind::udp) datagram_out(now, made, out_);
  if (out_.is == wire_frame::kind::icmp) icmp_.leaves(now, out_);
}

// What no user has asked for was the stack's own choice.
void monitor::judge_port(uint16_t port) const {
  bool asked_for = servers_ || ports_.may_have_had(port);
  expect_rule(asked_for || port >= first_ephemeral, services_port, "no user has asked for it");
}

// What was chosen for a connection that is the first of its name.
void monitor::judge_choice(uint64_t made, const wire_tcp &syn) {
  constexpr uint32_t ticks_per_ms = 250;  // RFC 9293, MUST-8
  bool by_step = first_.another(syn.seq);
  bool by_clock = first_by_clock_.another(syn.seq - uint32_t(made) * ticks_per_ms);
  expect_rule(!by_step && !by_clock, guessed, "it follows from those of other connections");
  bool asked_for = servers_ || ports_.may_have_had(syn.sport);
  if (syn.has(bit_ack) || asked_for) return;
  expect_rule(!client_ports_.another(syn.sport), guessed_port, "it follows from those of others");
}

// Where no user has a hand in it.
void monitor::judge_server(const tcp_flow &flow, const wire_tcp &t) const {
  if (servers_disturbed_ || ports_.may_have_had(t.sport)) return;
  if (echo_ && t.sport == echo_port) expect_rule(flow.echoes(t), no_echo, "other bytes, or more of them");
  if (discard_ && t.sport == discard_port) expect_rule(t.len() == 0, no_echo, "it is to discard them");
}

// Two servers that answer each other never stop: ports of services get no echo (CVE-1999-0103).
void monitor::judge_echo(const wire_frame &f) const {
  constexpr uint16_t services = 1024;
  if (f.sport != echo_port || !echo_udp_ || servers_disturbed_ || ports_.may_have_had(f.sport)) return;
  expect_rule(datagrams_.may_have_had(hash_bytes(f.datagram)), no_echo, "no such datagram has come");
  expect_rule(f.dport >= services, no_echo, "to another server");
}

void monitor::segment_out(uint64_t now, uint64_t made, const wire_frame &f) {
  const wire_tcp &t = f.tcp;
  if (t.flags == bit_syn) judge_port(t.sport);
  tcp_flow *flow = flow_of({f.from, f.to, t.sport, t.dport}, t.has(bit_syn) && !t.has(bit_ack));
  surroundings s = now_is(now);
  s.made = made;
  if (flow != nullptr && flow->ever_open()) {
    judge_server(*flow, t);
    tcp_flow::packet p{.bytes = f.packet.size(), .whole = f.df, .tos = f.tos, .ttl = f.ttl};
    if (!s.blind) flow->judge_packet(p, t, made);
    return flow->leaves(t, s);
  }
  if (t.has(bit_rst)) return stray_reset_out(now, f, flow != nullptr && flow->out_of_sight());
  if (flow != nullptr) {
    flow->leaves(t, s);
    if (flow->incarnation() == 1 && t.has(bit_syn)) judge_choice(made, t);
  } else if (!many_flows_ && !address_moves_ &&
             !acks_of_none_.may_have_had({f.from, f.to, t.sport, t.dport})) {
    tcp_flow().leaves(t, s);  // without a connection
  }
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

// A user may have the client's port.
void monitor::datagram_out(uint64_t now, uint64_t made, const wire_frame &f) {
  constexpr size_t checksum_at = 6;
  expect_rule(read16(f.payload, checksum_at) != 0, no_checksum, "0 means that there is none");
  names_.leaves(f, now, made == now);
  files_.leaves(f, now, made == now);
  datagram_out_ = {f.to, f.dport, hash_bytes(f.datagram)};
  if (f.sport != dhcp_client) judge_port(f.sport);
  judge_echo(f);
  if (f.sport == dhcp_client && f.dport == dhcp_server && !disordered_ && !ports_.may_have_had(dhcp_client))
    dhcp_.leaves(now, made, f);
}

}  // namespace kyu::fuzz
