// Which bytes of a stream there are, by sequence number: a few ranges, in order, apart from each other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kyu::fuzz {

// How far `a` lies ahead of `b` in the space of 32 bits that wraps (RFC 9293, 3.4).
constexpr int32_t ahead(uint32_t a, uint32_t b) { return int32_t(a - b); }
// Of two that are half the space apart, the first.
constexpr uint32_t later_of(uint32_t a, uint32_t b) { return ahead(b, a) > 0 ? b : a; }

struct seq_range {
  uint32_t start, end;  // of bytes [start, end)
};

class seq_ranges {
 public:
  static constexpr int most = 48;

  // False: there is no room for it.
  bool add(seq_range);
  // The end of the range that `from` lies in, or at the end of; `from` itself where there is none.
  uint32_t end_from(uint32_t from) const;
  bool covers(seq_range) const;
  // Of the last range; there is one.
  uint32_t end() const { return r_[size_t(n_) - 1].end; }
  bool in_one_piece() const { return n_ <= 1; }
  int count() const { return n_; }

 private:
  std::array<seq_range, most> r_{};
  int n_ = 0;
};

}  // namespace kyu::fuzz
