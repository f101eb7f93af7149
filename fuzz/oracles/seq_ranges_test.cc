// Against a slow reference: one bit for each byte.
#include "oracles/seq_ranges.h"

#include "scenario/random.h"

#include <gtest/gtest.h>

#include <bitset>

namespace kyu::fuzz {

namespace {

constexpr uint32_t space = 256, base = 0xffffff80u;  // across the wrap

TEST(seq_ranges, agree_with_single_bits) {
  random_source r(1);
  for (int round = 0; round < 200; ++round) {
    seq_ranges ranges;
    std::bitset<space> bits;
    for (int i = 0; i < 30; ++i) {
      uint32_t start = r.below(space), len = r.below(24), end = std::min(start + len, space);
      ASSERT_TRUE(ranges.add({base + start, base + end}));
      for (uint32_t at = start; at < end; ++at) bits.set(at);
    }
    for (uint32_t at = 0; at < space; ++at) {
      uint32_t end = at;
      while (end < space && bits[end]) ++end;
      // What ends at `at` is a range that it lies at the end of.
      ASSERT_EQ(ranges.end_from(base + at), base + end) << "round " << round << ", byte " << at;
      ASSERT_TRUE(ranges.covers({base + at, base + end}));
      if (end < space) ASSERT_FALSE(ranges.covers({base + at, base + end + 1}));
    }
  }
}

TEST(seq_ranges, say_when_there_is_no_room) {
  seq_ranges ranges;
  for (uint32_t i = 0; i < seq_ranges::most; ++i) ASSERT_TRUE(ranges.add({10 * i, 10 * i + 1}));
  EXPECT_FALSE(ranges.add({10 * seq_ranges::most, 10 * seq_ranges::most + 1}));
  EXPECT_TRUE(ranges.add({1, 10}));  // joins two
  EXPECT_TRUE(ranges.add({10 * seq_ranges::most, 10 * seq_ranges::most + 1}));
}

}  // namespace

}  // namespace kyu::fuzz
