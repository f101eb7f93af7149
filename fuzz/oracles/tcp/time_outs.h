// How long the retransmission time-out of one TCP connection may be, between what the RFC has as its least
// and what can have been measured (RFC 6298, 2 and 5). Times in ms.
#pragma once

#include <algorithm>
#include <cstdint>

namespace kyu::fuzz {

class time_outs {
 public:
  static constexpr uint64_t least = 1000, most = 60'000;  // RFC 6298, 2.4 and 2.5

  // Our SYN was lost, and nothing is measured.
  void lost_syn() { at_least_ = behind_lost_syn; }

  // Something arrives; leaves that takes numbers.
  void hear(uint64_t now) { heard_ = now; }
  void sent(uint64_t now) { sent_ = now; }
  // For longer than any time-out need be.
  bool was_silent(uint64_t now) const { return now - sent_ > most; }

  // The timer may run since then; from then on something is on its way.
  void start(uint64_t now) { base_ = now; }
  void leaves_first(uint64_t now) {
    base_ = now;
    out_since_ = now;
  }
  void leaves_again(uint64_t now) {
    base_ = now;
    out_since_ = std::min(out_since_, now);
  }
  uint64_t base() const { return base_; }

  // An ACK moves on: no round trip was longer than what it ends. It `may_measure` one (Karn).
  void acked(uint64_t now, bool may_measure);

  // Nothing has happened since the last one that would send at `made`.
  bool may_have_expired(uint64_t made) const { return made > heard_ && made > expired_; }
  // Time enough has passed, by the RFC; since the last one.
  bool may_expire(uint64_t now) const { return now - base_ >= least; }
  bool in_turn(uint64_t now) const { return now - base_ >= at_least_; }
  void expire(uint64_t now);
  // How many there were at most since the peer has acknowledged something.
  uint32_t in_a_row() const { return in_a_row_; }
  // Something goes again, perhaps because of one.
  void goes_again() {
    at_most_ = std::min(2 * at_most_, longest);
    ++in_a_row_;
  }
  // It must have expired by now, whatever was measured.
  bool is_overdue(uint64_t now) const;

 private:
  static constexpr uint64_t behind_lost_syn = 3000;         // RFC 6298, 5.7
  static constexpr uint64_t longest = 64'000, grain = 500;  // this stack's

  uint64_t base_ = 0;
  uint32_t in_a_row_ = 0;
  uint64_t sent_ = 0, heard_ = 0, expired_ = 0;            // the last time
  uint64_t out_since_ = UINT64_MAX;                        // something has always been on its way
  uint64_t at_least_ = least, at_most_ = behind_lost_syn;  // the one that is to come
};

}  // namespace kyu::fuzz
