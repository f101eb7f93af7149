// The time stamps of one TCP connection (RFC 7323): what we may say, and what the stack takes for old.
#pragma once

#include "oracles/recent.h"
#include "oracles/wire.h"

#include <cstdint>
#include <optional>

namespace kyu::fuzz {

class time_stamps {
 public:
  // What both SYNs say together.
  void agree(const wire_tcp &ours, const wire_tcp &theirs);
  bool agreed() const { return agreed_; }

  // A SYN of ours, made at that time, ms; another segment, which is judged. The last one has come at `heard`.
  void syn_leaves(const wire_tcp &, uint64_t made);
  void leave(const wire_tcp &, uint64_t made, uint64_t heard);

  // A segment comes, of which nothing is known yet; may be taken, `at_edge`: it begins where the stack is.
  void another_comes() { in_hand_.reset(); }
  void arrive(const wire_tcp &, bool at_edge);
  // That one was taken at `now`, ms, and began where the last ACK stands. Or it may not have been, after all.
  void take(const wire_tcp &, uint64_t now);
  void doubt() { taken_.reset(); }

  // Might the stack take it at `now`, ms (PAWS)? `open`: and not only a SYN has been said.
  bool plausible(const wire_tcp &, bool open, uint64_t now) const;
  // It is not older than any that may have been taken.
  bool newest(const wire_tcp &) const;
  // And it is there where both have agreed to it, and nowhere else.
  bool fit(const wire_tcp &t) const { return t.has_ts == agreed_ && newest(t); }

 private:
  struct stamp {
    uint32_t seq, value;
  };
  struct moment {
    uint32_t value;
    uint64_t at;  // ms
  };

  bool agreed_ = false;
  bool said_ = false;
  uint32_t last_value_ = 0, last_echo_ = 0;  // that were said
  uint64_t said_at_ = 0;                     // ms
  uint64_t echo_since_ = 0;                  // ms: since when it is that one
  recent<uint32_t, 16> heard_;               // that arrived, and may be echoed
  std::optional<stamp> in_hand_;             // of the segment that came last
  std::optional<moment> taken_;              // the newest that has to be echoed
};

}  // namespace kyu::fuzz
