// Sequence numbers (RFC 9293, 3.4): a type without <, so that nobody compares across the wrap, sorts
// or keys a map with one.
#pragma once

#include <cstdint>
#include <type_traits>

namespace kyu {

struct tcp_seq {
  uint32_t raw = 0;

  bool operator==(const tcp_seq &) const = default;
  constexpr tcp_seq operator+(uint32_t n) const { return {raw + n}; }
  constexpr tcp_seq operator-(uint32_t n) const { return {raw - n}; }
  constexpr tcp_seq &operator+=(uint32_t n) {
    raw += n;
    return *this;
  }
  // Signed distance; right for numbers that are less than 2^31 apart, as live ones are.
  constexpr int32_t operator-(tcp_seq o) const { return int32_t(raw - o.raw); }
};

constexpr bool seq_lt(tcp_seq a, tcp_seq b) { return a - b < 0; }
constexpr bool seq_leq(tcp_seq a, tcp_seq b) { return a - b <= 0; }
constexpr bool seq_gt(tcp_seq a, tcp_seq b) { return a - b > 0; }
constexpr bool seq_geq(tcp_seq a, tcp_seq b) { return a - b >= 0; }
constexpr tcp_seq seq_max(tcp_seq a, tcp_seq b) { return seq_gt(a, b) ? a : b; }
constexpr tcp_seq seq_min(tcp_seq a, tcp_seq b) { return seq_lt(a, b) ? a : b; }

template <class T>
concept orderable = requires(T a, T b) { a < b; };
static_assert(!orderable<tcp_seq>);
static_assert(seq_lt({0xffffffffu}, {1}) && !seq_lt({1}, {0xffffffffu}));

}  // namespace kyu
