// Oracle 6: everything that leaves is held against what the RFCs allow. It sees the wire as a third party
// does, and which calls were made; it never asks the stack what it thinks, nor uses a function of it.
#pragma once

#include "kyu/servers.h"
#include "oracles/accept_queue.h"
#include "oracles/arp_rules.h"
#include "oracles/dhcp_rules.h"
#include "oracles/guessable.h"
#include "oracles/icmp_rules.h"
#include "oracles/inboxes.h"
#include "oracles/name_rules.h"
#include "oracles/pieces.h"
#include "oracles/recent.h"
#include "oracles/tcp/tcp_flow.h"
#include "oracles/tftp_rules.h"
#include "oracles/wire.h"
#include "scenario/op.h"
#include "sys/bytes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace kyu::fuzz {

class monitor {
 public:
  using link_address = arp_rules::link_address;

  // A fresh stack with these addresses.
  void begin(uint32_t addr, const link_address &);

  // As the input thread gets it, at `now` ms.
  void frame_in(uint64_t now, const_bytes);
  // What will be sent to the stack in pieces.
  void whole_in(uint64_t now, const_bytes);
  void frame_out(uint64_t now, const_bytes);
  // A frame that could not be sent, or built: nobody but the stack knows what it was.
  void lost_unseen() {
    blind_ = unseen_ = true;
    arp_.lost_unseen();
    names_.doubt();
    files_.doubt();
    dhcp_.excuse();
  }
  // Threads will be preempted: what has arrived may not have been looked at yet.
  void out_of_order() {
    lost_unseen();
    disordered_ = true;
  }
  bool disordered() const { return disordered_; }
  // Something has arrived of which nobody knows what it is.
  bool gave_up() const { return off_; }
  // Before a call is made.
  void call_begins(const op &, uint64_t now);
  // The connection to there that was open last, where there is only one; null: not known.
  tcp_flow *only_flow_to(uint32_t addr, uint16_t port);
  // A user's hand is on a descriptor that may be one of the system's own clients'.
  void clients_disturbed();
  // Their calls: one has returned.
  void name_returns(err e, uint32_t addr) {
    if (off_) names_.doubt();
    names_.call_returns(e, addr, nothing_unseen());
  }
  void address_client_tells(uint64_t now, uint32_t addr) {
    dhcp_.tells_user(now, addr, !disordered_ && !off_);
  }
  void address_client_ends() { dhcp_.client_ends(); }
  void file_returns(err e, const_bytes file) { files_.call_returns(e, file, nothing_unseen()); }
  bool any_datagram_came() const { return !datagrams_.empty() || off_; }
  // One with this content has come.
  bool datagram_arrived(const_bytes) const;
  // The last one that has left was this one; once. Or there are reasons why it may not have left.
  bool datagram_left(uint32_t addr, uint16_t port, const_bytes, uint64_t now);
  // What has come for the sockets of users.
  inboxes &boxes() { return boxes_; }
  // No user has changed a listener's backlog; the size of a buffer.
  bool backlogs_stand() const { return !listens_; }
  bool buffers_stand() const { return !sizes_buffers_; }
  // No call was made that could end a connection other than the one it names, and nothing was lost out of
  // sight.
  bool nothing_ends_by_itself() const { return !any_may_end_ && !blind_ && !off_; }
  bool sees_all() const { return !blind_ && !off_; }
  // What has to be said to the peer can leave at once.
  bool may_tell(const tcp_flow &f) const { return sees_all() && !arp_.waits_for(f.who().theirs); }
  // An ICMP error has come, about whatever.
  bool heard_of_trouble() const { return trouble_; }
  uint32_t arp_frames() const { return arp_.frames_in(); }
  // No call was made that can change our address.
  bool address_stands() const { return !address_moves_; }
  // A call has accepted the connection of this host; of whomever.
  void accepts(uint32_t addr, uint16_t port) {
    if (sees_all() && !address_moves_) queue_.accepted(addr, port);
  }
  void accepts_somebody() { queue_.forget(); }
  // Some surely wait for that at a listener's port.
  bool some_wait(uint16_t port) const { return sees_all() && !users_may_end_ && queue_.some_wait(port); }
  // A user's call has made a listener.
  void listens(uint16_t port, uint32_t backlog) { listeners_.add({port, backlog}); }
  void everything_closes();
  bool everything_closed() const { return closed_; }
  // All threads sleep.
  void judge(uint64_t now);

 private:
  static constexpr size_t max_flows = 64;           // others are not looked at
  static constexpr uint32_t smallest_mtu = 68;      // RFC 791, 3.2
  static constexpr uint32_t clock_grain = 1 << 12;  // of first numbers: what their clock does in 16 ms

  std::span<tcp_flow> flows() { return std::span(flows_).first(n_flows_); }
  tcp_flow *flow_of(const tcp_flow::name &, bool make);
  bool may_have_opened_unseen(uint32_t addr, uint16_t port, const tcp_flow *but) const;
  void segment_in(uint64_t now, const wire_frame &, bool whole);
  bool is_for_nobody(const wire_frame &, const tcp_flow *) const;
  void expect_reset(uint64_t now, const wire_frame &, tcp_flow *);
  bool has_room(const wire_frame &);
  void expect_icmp(uint64_t now, const wire_frame &);
  bool reaches(uint64_t now, uint32_t addr) const;
  void segment_out(uint64_t now, uint64_t made, const wire_frame &);
  // `may_be_open`: the connection of that name may be one, out of sight.
  void stray_reset_out(uint64_t now, const wire_frame &, bool may_be_open);
  void judge_ip(uint64_t now, const wire_frame &);
  void judge_port(uint16_t) const;
  void judge_choice(uint64_t made, const wire_tcp &syn);
  void judge_receiver(uint64_t now, const wire_frame &) const;
  void judge_fragment(const wire_frame &);
  void judge_identification(uint64_t now, const wire_frame &);
  void judge_arp(uint64_t now, const wire_frame &);
  // Every frame so far was seen, and every answer could leave.
  bool nothing_unseen() const { return !unseen_ && !blind_ && !off_; }
  void datagram_out(uint64_t now, uint64_t made, const wire_frame &);
  void datagram_in(uint64_t now, const wire_frame &);
  void piece_in(uint64_t now, const wire_frame &);
  void deliver(const wire_frame &);
  void path_in(const wire_frame &);
  void error_in(uint64_t now, const wire_frame &);
  void path_told(uint64_t now, uint32_t mtu, uint32_t was, uint32_t seq, tcp_flow &);
  void server_starts(server);
  void judge_server(const tcp_flow &, const wire_tcp &) const;
  void judge_echo(const wire_frame &) const;
  void port_taken(uint16_t);
  void address_changes();
  bool may_be_taken(uint16_t port) const { return any_port_ || ports_.has(port); }
  bool ours(const wire_frame &) const;
  bool is_neighbour(uint32_t addr) const;
  bool from_neighbour(const wire_frame &) const;
  surroundings now_is(uint64_t now) const;

  bool is_our_link(const_bytes address) const {
    return std::equal(address.begin(), address.end(), link_.begin(), link_.end());
  }

  uint32_t addr_ = 0;
  link_address link_{};
  bool listens_ = false, sizes_buffers_ = false, sizes_segments_ = false, half_closes_ = false,
       disordered_ = false, off_ = false, whole_seen_ = false;
  bool address_moves_ = false;                  // a call was made that can change it
  bool path_shrank_ = false, trouble_ = false;  // of some host
  bool blind_ = false, unseen_ = false, users_may_end_ = false, nagle_ = true, many_flows_ = false;
  keep_alive_wish keep_alive_;
  bool closed_ = false;        // whatever was open
  bool any_may_end_ = false;   // and not only the connection that a call was made for
  bool any_port_ = false;      // may be taken by now
  bool any_udp_port_ = false;  // that the stack chooses
  bool servers_ = false;       // they have their own
  bool echo_ = false, discard_ = false, echo_udp_ = false, servers_disturbed_ = false;
  struct listener {
    uint16_t port = 0;
    uint32_t backlog = 0;
  };
  recent<listener, 8> listeners_;  // that were made
  accept_queue queue_;
  recent<uint16_t, 16> ports_;   // that may be
  std::vector<tcp_flow> flows_;  // the first n_flows_ are in use; the others keep their memory
  size_t n_flows_ = 0;
  arp_rules arp_;
  icmp_rules icmp_;
  dhcp_rules dhcp_;
  struct identified {
    uint64_t at = 0;
    uint32_t to = 0;
    uint16_t id = 0;
    uint8_t protocol = 0;
  };
  recent<identified, 128> identified_;  // packets that may be in pieces
  recent<uint64_t, 32> datagrams_;      // hashes of what arrived
  struct sent {
    uint32_t addr = 0;
    uint16_t port = 0;
    uint64_t hash = 0;
    bool operator==(const sent &) const = default;
  };
  std::optional<sent> datagram_out_;
  name_rules names_;
  tftp_rules files_;
  // Of connections that nobody has had before: their first numbers, also less RFC 9293's clock; their ports.
  guessable first_{32, clock_grain}, first_by_clock_{32, clock_grain}, client_ports_{16, 0};
  recent<tcp_flow::name, 16> acks_of_none_;  // one may bring a cookie that was given away before
  uint32_t resets_due_ = 0;                  // to segments of no connection
  wire_tcp stray_;                           // the last of them
  std::optional<uint64_t> stray_at_;         // when, if what answers it can leave at once
  wire_frame in_, out_, whole_;
  pieces pieces_;
  inboxes boxes_;
};

}  // namespace kyu::fuzz
