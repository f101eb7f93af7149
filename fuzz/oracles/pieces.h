// Which packets that were sent in pieces have arrived as a whole, so that the stack must have put them
// together (RFC 791, 3.2; RFC 1122, 3.3.2). Where the pieces overlap, are many or belong to nothing that is
// known, it may refuse them, and nothing is said.
#pragma once

#include "oracles/wire.h"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace kyu::fuzz {

class pieces {
 public:
  // A packet will come in pieces: its frame, as it would have been.
  void cut(const_bytes frame, const wire_frame &);
  // It has come as one after all.
  void came_whole(const wire_frame &);
  // One that the stack takes. The whole frame, where this piece makes it complete; nothing while some of it
  // is missing.
  const_bytes arrives(uint64_t now, const wire_frame &piece);
  // A piece has come that belongs to none of them, or may not.
  void doubt() { lost_track_ = true; }
  // It may have put something together that nobody has told of.
  bool lost_track() const { return lost_track_; }

 private:
  struct packet {
    std::vector<uint8_t> frame;
    uint32_t from = 0, to = 0;
    uint8_t protocol = 0;
    uint16_t id = 0;
    uint32_t have = 0, parts = 0;  // bytes, and in how many pieces
    uint32_t next = 0, first = 0;  // where they end, where they begin: they lie side by side
    uint64_t begun = 0;            // ms
  };

  packet *of(const wire_frame &);
  void drop(packet &p) { std::swap(p, packets_[--n_]); }
  static bool adds(packet &, const wire_frame &piece);

  std::array<packet, 4> packets_;  // that are on their way: the first n_
  uint32_t n_ = 0;
  bool lost_track_ = false;
};

}  // namespace kyu::fuzz
