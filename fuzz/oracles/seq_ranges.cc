#include "oracles/seq_ranges.h"

#include <algorithm>

namespace kyu::fuzz {

bool seq_ranges::add(seq_range x) {
  if (ahead(x.end, x.start) <= 0) return true;
  auto first = r_.begin(), last = first + n_;
  // Those that it touches become one with it.
  auto from = std::find_if(first, last, [&](const seq_range &r) { return ahead(r.end, x.start) >= 0; });
  auto to = std::find_if(from, last, [&](const seq_range &r) { return ahead(r.start, x.end) > 0; });
  if (from == to) {
    if (n_ == most) return false;
    std::copy_backward(from, last, last + 1);
    ++n_;
  } else {
    if (ahead(from->start, x.start) < 0) x.start = from->start;
    x.end = later_of(x.end, (to - 1)->end);
    std::copy(to, last, from + 1);
    n_ -= int(to - from) - 1;
  }
  *from = x;
  return true;
}

uint32_t seq_ranges::end_from(uint32_t from) const {
  for (int i = 0; i < n_; ++i)
    if (ahead(from, r_[size_t(i)].start) >= 0 && ahead(from, r_[size_t(i)].end) <= 0)
      return r_[size_t(i)].end;
  return from;
}

bool seq_ranges::covers(seq_range x) const { return ahead(end_from(x.start), x.end) >= 0; }

}  // namespace kyu::fuzz
