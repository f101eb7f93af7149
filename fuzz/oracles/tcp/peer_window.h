// The window that the peer of one TCP connection offers for our stream (RFC 9293, 3.8.6): what it has said,
// and what the stack may take it to be.
#pragma once

#include "oracles/wire.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace kyu::fuzz {

class peer_window {
 public:
  // A segment says so, in bytes from `base` on; the stack may have taken it.
  void offer(uint32_t base, uint32_t size) {
    size_ = size;
    largest_ = std::max(largest_, size);
    edge_now_ = base + size;
    edge_ = known_ ? later_of(edge_, edge_now_) : edge_now_;
    known_ = true;
  }
  // In which segment that was, `in_place`: nothing keeps the stack from taking it; `old`: its ACK is an old
  // one. It is not taken, either, behind a segment of later number (RFC 9293, 3.10.7.4: SND.WL1, SND.WL2).
  // `first`: no numbers are known yet.
  void came_with(const wire_tcp &t, bool in_place, bool old, bool first) {
    bool overtaken = old || (from_ && ahead(*from_, t.seq) > 0);
    doubtful_ = !in_place || overtaken;
    if (!first && !overtaken) from_ = t.seq;
  }
  // That segment acknowledged something new.
  void came_with_ack() { with_ack_ = doubtful_ ? 0 : size_; }

  bool known() const { return known_; }
  // It may not have been taken.
  bool doubtful() const { return doubtful_; }
  // Bytes: the last one; the largest ever; the last one or that of the last new ACK, whichever is smaller.
  uint32_t size() const { return size_; }
  uint32_t largest() const { return largest_; }
  uint32_t surely() const { return std::min(size_, with_ack_); }
  // The rightmost number that was ever offered, and the last one.
  uint32_t edge() const { return edge_; }
  uint32_t edge_now() const { return edge_now_; }

 private:
  bool known_ = false, doubtful_ = false;
  uint32_t size_ = 0, largest_ = 0, with_ack_ = 0, edge_ = 0, edge_now_ = 0;
  std::optional<uint32_t> from_;  // the latest segment that may have said it
};

}  // namespace kyu::fuzz
