// A peer's side of TCP's options: what both SYNs offered, its clock, and which of the stack's bytes it
// has out of order.
#pragma once

#include "scenario/op.h"
#include "tcp/tcp_option.h"

namespace kyu::fuzz {

class peer_options {
 public:
  // A new conversation.
  void begin() { *this = {}; }
  // A SYN of ours that answers the stack's by itself: offers the same.
  tcp_options answer_offer(uint64_t now_ms);
  // The options that op `o`, a `seg`, asks for.
  tcp_options asked(const op &o, uint64_t now_ms);
  // What any other segment of ours carries.
  tcp_options usual(uint64_t now_ms) const;

  // The stack's segment carried these. `have`: its bytes; in order, the peer now has all below `next`.
  void sees(const tcp_options &, bool syn);
  void sees_data(sack_block have, tcp_seq next);
  // The end of what is there without a gap from `next` on.
  tcp_seq joined(tcp_seq next) const;

  // Bits by which the stack's window field is shifted.
  uint8_t window_shift() const { return ours_.has_wscale && theirs_.has_wscale ? theirs_.wscale : 0; }

 private:
  bool ts_agreed() const { return ours_.has_ts && theirs_.has_ts; }
  bool sack_agreed() const { return ours_.sack_permitted && theirs_.sack_permitted; }
  uint32_t clock(uint64_t now_ms) const { return uint32_t(now_ms) + 0xfffff000u; }  // wraps soon
  void put_time(int how, uint64_t now_ms, tcp_options &) const;
  void put_sack(const op &o, tcp_options &) const;
  void forget_below(tcp_seq next);

  tcp_options ours_, theirs_;  // offers
  uint32_t ts_recent_ = 0;
  tcp_seq next_;  // in order up to here
  sack_block have_[TCP_MAX_SACK];
  uint8_t n_ = 0;
};

}  // namespace kyu::fuzz
