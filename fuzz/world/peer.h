// A simulated remote host. It watches what the stack sends, so that an op can say "a segment in the
// window, one byte left of SND.UNA, with the FIN" in a few bytes.
#pragma once

#include "scenario/op.h"
#include "sys/bytes.h"
#include "tcp/tcp_seq.h"

#include <cstdint>
#include <vector>

namespace kyu::fuzz {

using frame_bytes = std::vector<uint8_t>;

// Byte `at` of what peer `number` sends: a function of the place, so that every delivered byte can
// be checked.
uint8_t peer_byte(int number, uint32_t at);

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

  void begin(int number, uint32_t stack_addr);

  uint32_t addr() const { return addr_; }
  void react(reaction r) { reaction_ = r; }
  // The next frame that an op builds gets a bit of damage.
  void damage(uint16_t at, uint8_t mask, bool fix_checksums) { damage_ = {true, at, mask, fix_checksums}; }

  // Frames for the ops.
  frame_bytes segment(const op &);
  frame_bytes udp(const op &);
  frame_bytes icmp(const op &);
  frame_bytes arp(const op &);

  // A frame that the stack sent to this peer, or to all. Appends what the peer answers by itself.
  void sees(const_bytes frame, std::vector<frame_bytes> *answers);

 private:
  struct {
    bool armed = false;
    uint16_t at = 0;
    uint8_t mask = 0;
    bool fix = false;
  } damage_;

  void new_conversation(uint16_t stack_port);
  void sees_arp(const_bytes frame, std::vector<frame_bytes> *answers);
  void sees_tcp(const_bytes ip_packet, std::vector<frame_bytes> *answers);
  frame_bytes tcp_frame(tcp_seq seq, tcp_seq ack, uint8_t flags, uint16_t win, uint16_t urp, uint16_t mss,
                        uint32_t len) const;
  frame_bytes ip_frame(uint8_t proto, std::vector<uint8_t> payload) const;
  frame_bytes apply_damage(frame_bytes);
  void advance(tcp_seq seq, uint32_t seqlen);
  tcp_seq seq_base(int base) const;
  tcp_seq ack_base(int base) const;

  int number_ = 0;
  uint32_t addr_ = 0, stack_addr_ = 0;
  reaction reaction_ = reaction::off;
  uint16_t conversations_ = 0, ip_id_ = 0;

  // The conversation that ops speak about: the newest one.
  uint16_t port_ = 0, stack_port_ = 0;
  tcp_seq iss_, snd_nxt_, snd_una_;    // snd_una_: what the stack has acknowledged
  uint32_t snd_wnd_ = 0;               // what the stack offers
  bool synced_ = false;                // the stack's SYN was seen
  tcp_seq rcv_nxt_, rcv_max_, acked_;  // in order, highest, last acknowledged by us
  std::vector<uint8_t> last_seen_;     // IP packet that the stack sent last: ICMP errors quote it
};

}  // namespace kyu::fuzz
