// How much of our stream may be on its way in one TCP connection: not more than congestion control would ever
// allow (RFC 5681, 3.1 and 3.2; RFC 3465; RFC 6582; RFC 6928). A segment is `segment` bytes; all is in bytes.
#pragma once

#include <algorithm>
#include <cstdint>

namespace kyu::fuzz {

class congestion {
 public:
  // A connection opens, for which a SYN of ours may have had to go again; has been silent for longer than any
  // time-out.
  void open(uint32_t segment, bool syn_lost);
  void restart(uint32_t segment);

  // An ACK is taken. One that was taken before, as far as anybody knew, may be taken only now.
  void acked(uint32_t n, uint32_t segment);
  void acked_late(uint32_t segment) { cwnd_ += uint64_t(2) * segment; }
  // The same in a recovery, of a part of what was lost; so many duplicates have come.
  void acked_in_part(uint32_t n, uint32_t duplicates, uint32_t segment);

  // Something is sent again; of `flight` on its way something was lost, as `duplicates` have told, or a
  // time-out.
  void sent_again() { lossy_ = true; }
  // As duplicates have told, perhaps: a recovery begins with two segments, also where there was less.
  void may_recover(uint32_t segment) { cwnd_ = std::max(cwnd_, uint64_t(2) * segment); }
  void lost(uint32_t flight, bool duplicates, uint32_t segment);
  void timed_out(uint32_t flight, uint32_t segment);
  // Perhaps; or a recovery has begun of which nothing is known.
  void may_have_lost() { ssthresh_ = unknown; }
  bool recovers() const { return recovers_; }
  void end_recovery() {
    recovers_ = false;
    deflated_ = 0;
  }

  // With what duplicates have let go.
  uint64_t allows(uint32_t duplicates, uint32_t segment) const;

 private:
  static constexpr uint64_t unknown = UINT64_MAX;

  uint64_t cwnd_ = 0;
  uint64_t ssthresh_ = unknown;  // slow start is over when that is reached
  bool lossy_ = false;           // slow start may be over
  bool recovers_ = false;        // from a loss that duplicates have told of
  uint64_t deflated_ = 0;        // by partial ACKs meanwhile
};

}  // namespace kyu::fuzz
