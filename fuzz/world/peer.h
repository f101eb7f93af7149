// A simulated remote host. It watches what the stack sends, so that an op can say "a segment in the
// window, one byte left of SND.UNA, with the FIN" in a few bytes.
#pragma once

#include "scenario/op.h"
#include "tcp/tcp_seq.h"
#include "world/ip_shape.h"
#include "world/packet.h"
#include "world/peer_options.h"

#include <array>
#include <cstdint>
#include <functional>
#include <span>

namespace kyu::fuzz {

class peer {
 public:
  // How it behaves by itself.
  enum class reaction : uint8_t {
    off,     // answers ARP, and nothing else
    ack,     // completes handshakes and acknowledges what arrives in order
    close,   // the same, and answers a FIN with its own
    reset,   // answers every segment with a reset
    silent,  // not even ARP
  };

  static ether_addr link_of(int number) { return {{0x02, 0, 0, 0, 1, uint8_t(number)}}; }

  void begin(int number, uint32_t stack_addr);

  uint32_t addr() const { return addr_; }
  void react(reaction r) { reaction_ = r; }
  // The next frame that an op builds gets a bit of damage, at byte `at` modulo its length.
  void damage(uint16_t at, uint8_t mask, bool fix) { damage_ = {true, at, mask, fix}; }

  // The next packet that an op builds is shaped so.
  void shape(const ip_shape &s) { shape_ = {true, s}; }
  // Takes the shape for the packet that was just built; false: it stays as it is.
  bool take_shape(ip_shape *);

  // An op that says how it behaves, or what becomes of the next packet that an op builds; false: another op.
  bool take(const op &);

  // The frame for a packet op of this peer, at `now` ms.
  void build(const op &, uint64_t now, frame &);

  // A frame that the stack sent to this peer, or to all. True: the peer answers, by `answer`.
  bool sees(const_bytes f, uint64_t now, frame &answer);

 private:
  struct {
    bool armed = false;
    uint16_t at = 0;
    uint8_t mask = 0;
    bool fix = false;
  } damage_;

  struct {
    bool armed = false;
    ip_shape shape;
  } shape_;

  // What a segment in brought, as far as the answer depends on it.
  struct seen {
    uint8_t flags;
    uint32_t seqlen;  // bytes, SYN and FIN
    bool in_order;
  };

  void new_conversation(uint16_t stack_port);
  void segment(const op &, frame &);
  void datagram(const op &, frame &);
  void sees_udp(const_bytes ip_packet);
  void icmp(const op &, frame &);
  void arp(const op &, frame &);
  bool sees_arp(const_bytes f, frame &answer);
  bool sees_tcp(const_bytes ip_packet, frame &answer);
  bool follow(const_bytes ip_packet, seen *);
  bool answer_to(const seen &, frame &answer);
  tcphdr header(tcp_seq seq, tcp_seq ack, uint8_t flags, uint16_t win) const;
  void apply_damage(frame &);
  void advance(tcp_seq seq, uint32_t seqlen);
  tcp_seq seq_base(int base) const;
  tcp_seq ack_base(int base) const;
  route to_stack() const;
  route to_all() const;
  route udp_route(int to) const;

  int number_ = 0;
  uint64_t now_ = 0;
  uint32_t addr_ = 0, stack_addr_ = 0;
  reaction reaction_ = reaction::off;
  uint16_t conversations_ = 0;

  // The conversation that ops speak about: the newest one.
  uint16_t port_ = 0, stack_port_ = 0;
  tcp_seq iss_, snd_nxt_, snd_una_;  // snd_una_: what the stack has acknowledged
  uint32_t snd_wnd_ = 0;             // what the stack offers
  bool synced_ = false;              // the stack's SYN was seen, with number irs_
  tcp_seq irs_;
  peer_options options_;
  tcp_seq rcv_nxt_, rcv_max_, acked_;  // in order, highest, last acknowledged by us

  // The front of the IP packet that the stack sent last: ICMP errors quote it.
  std::array<uint8_t, sizeof(ip) + 8> last_seen_;
  uint32_t last_seen_len_ = 0;

  // The datagram that the stack sent last, to us or to all: a server's answers are to it.
  std::array<uint8_t, 512> query_;
  uint32_t query_len_ = 0;
  uint16_t query_from_ = 0, query_to_ = 0;
};

// The frames that a packet op puts on the wire at `now` ms, one after the other: raw, or its peer's, whole or
// in pieces.
void build_frames(const op &, std::span<peer>, uint64_t now, const std::function<void(const frame &)> &emit);

}  // namespace kyu::fuzz
