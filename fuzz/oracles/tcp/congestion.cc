#include "oracles/tcp/congestion.h"

#include <algorithm>

namespace kyu::fuzz {

namespace {

// RFC 6928, 2.
uint32_t initial_window(uint32_t segment) {
  return std::min<uint32_t>(10 * segment, std::max<uint32_t>(2 * segment, 14600u));
}

// RFC 5681, equation 4.
uint32_t half_of(uint32_t flight, uint32_t segment) { return std::max(flight / 2, 2 * segment); }

}  // namespace

void congestion::open(uint32_t segment, bool syn_lost) {
  cwnd_ = syn_lost ? segment : initial_window(segment);  // RFC 5681, 3.1
  lossy_ = syn_lost;
}

void congestion::restart(uint32_t segment) { cwnd_ = std::min<uint64_t>(cwnd_, initial_window(segment)); }

// Slow start: two segments for an ACK at most. Once a loss was seen, up to one for each, however little that
// says; and where slow start surely is over, one for a window.
void congestion::acked(uint32_t n, uint32_t segment) {
  bool over = ssthresh_ != unknown && cwnd_ >= ssthresh_ + uint64_t(2) * segment;
  if (over)
    cwnd_ += std::max<uint64_t>(uint64_t(segment) * segment / cwnd_, 1);
  else
    cwnd_ += std::min(lossy_ ? std::max(n, segment) : n, 2 * segment);
}

// What is acknowledged goes, but for one segment; one is always left (RFC 6582, 3.2, step 3).
void congestion::acked_in_part(uint32_t n, uint32_t duplicates, uint32_t segment) {
  uint64_t window = allows(duplicates, segment), left = window - std::min<uint64_t>(n, window);
  if (n >= segment) left += segment;
  deflated_ += window - std::min(window, std::max<uint64_t>(left, segment));
}

void congestion::lost(uint32_t flight, bool duplicates, uint32_t segment) {
  ssthresh_ = half_of(flight, segment);
  cwnd_ = std::min(cwnd_, ssthresh_);
  recovers_ = duplicates;
  deflated_ = 0;
}

void congestion::timed_out(uint32_t flight, uint32_t segment) {
  ssthresh_ = half_of(flight, segment);
  cwnd_ = segment;
}

uint64_t congestion::allows(uint32_t duplicates, uint32_t segment) const {
  uint64_t all = cwnd_ + uint64_t(duplicates) * segment;
  return all - std::min(deflated_, all);
}

}  // namespace kyu::fuzz
