// What the stack reports, in one TCP connection, of the segments that came out of order (RFC 2018).
#pragma once

#include "oracles/recent.h"
#include "oracles/seq_ranges.h"
#include "oracles/wire.h"

#include <cstdint>

namespace kyu::fuzz {

class sack_reports {
 public:
  // A segment comes, of which nothing is known yet; ahead of what is next, `first` since all was in order; it
  // has to be reported, `due`.
  void another_comes(seq_range text) {
    due_ = false;
    texts_.add(text);
  }
  void arrive(seq_range, bool first, bool due);
  // Of more segments some may have been thrown away, so that no peer takes all memory (RFC 2018, 8).
  bool surely_kept() const { return queued_ <= most_kept; }

  // A segment leaves, with blocks of what was `received`; judged. `exact`: what the stack knows follows from
  // what arrived. False: there are too many blocks to be followed.
  bool leave(const wire_tcp &, const seq_ranges &received, bool exact);
  // The byte of that number was reported.
  bool has_reported(uint32_t seq) const { return reported_.end_from(seq) != seq; }

 private:
  static constexpr uint32_t most_kept = 16;

  bool is_newest(const seq_range &) const;
  void judge_first(const wire_tcp &, int first) const;
  bool is_of_one_segment(const seq_range &) const;

  seq_range newest_{};   // that arrived out of order last
  seq_ranges reported_;  // that the peer was told we have
  uint32_t queued_ = 0;  // segments out of order since all was in order
  bool due_ = false;
  recent<seq_range, 32> texts_;  // of the last segments
};

}  // namespace kyu::fuzz
