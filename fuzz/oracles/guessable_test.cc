// When a number can be guessed from those before it.
#include "oracles/guessable.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace kyu::fuzz {

namespace {

// After how many numbers; 0: never.
int guessed_after(guessable g, std::initializer_list<uint32_t> numbers) {
  int count = 0;
  for (uint32_t n : numbers) {
    ++count;
    if (g.another(n)) return count;
  }
  return 0;
}

TEST(guessable, three_equal_steps_tell_the_next_one) {
  EXPECT_EQ(guessed_after({32, 0}, {7, 7, 7, 7}), 4);
  EXPECT_EQ(guessed_after({32, 0}, {900, 1000, 1100, 1200}), 4);
  EXPECT_EQ(guessed_after({32, 0}, {900, 1000, 1100, 1201, 1302, 1403}), 6);
}

TEST(guessable, steps_may_differ_by_a_little_where_that_is_said) {
  EXPECT_EQ(guessed_after({32, 10}, {0, 64000, 128005, 192001}), 4);
  EXPECT_EQ(guessed_after({32, 10}, {0, 64000, 128020, 192000}), 0);
}

TEST(guessable, numbers_wrap) {
  EXPECT_EQ(guessed_after({32, 0}, {0xffff'ff00, 0, 0x100, 0x200}), 4);
  EXPECT_EQ(guessed_after({16, 0}, {0xfffe, 0xffff, 0, 1}), 4);
  EXPECT_EQ(guessed_after({16, 0}, {2, 1, 0, 0xffff}), 4);
}

TEST(guessable, others_cannot_be_guessed) {
  EXPECT_EQ(guessed_after({16, 0}, {5, 9, 6, 5, 8, 3}), 0);
  EXPECT_EQ(guessed_after({16, 0}, {1, 2, 3}), 0);
}

}  // namespace

}  // namespace kyu::fuzz
