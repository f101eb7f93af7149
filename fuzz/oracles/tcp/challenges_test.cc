// How often what brings nothing is answered.
#include "oracles/tcp/challenges.h"

#include "run/child.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

constexpr const char *without_limit = "protocol:what brings nothing is answered without limit";

constexpr auto &found = signature_with<challenges>;

void answer(challenges &c, int times, uint64_t now, bool brings = false) {
  for (int i = 0; i < times; ++i) {
    c.arrives(brings);
    c.leaves(true, now);
  }
}

TEST(challenges, twenty_answers_in_a_second_are_enough) {
  EXPECT_EQ(found([](challenges &c) { answer(c, 20, 5000); }), "");
  EXPECT_EQ(found([](challenges &c) { answer(c, 21, 5000); }), without_limit);
}

TEST(challenges, each_second_has_its_own) {
  EXPECT_EQ(found([](challenges &c) {
              answer(c, 20, 5999);
              answer(c, 20, 6000);
            }),
            "");
}

TEST(challenges, what_brings_something_is_always_answered) {
  EXPECT_EQ(found([](challenges &c) { answer(c, 50, 5000, true); }), "");
  EXPECT_EQ(found([](challenges &c) {
              for (int i = 0; i < 50; ++i) {
                c.arrives(true);
                c.arrives(false);
                c.leaves(true, 5000);
              }
            }),
            "");
}

TEST(challenges, who_speaks_of_its_own_or_has_something_new_to_say_answers_nothing) {
  EXPECT_EQ(found([](challenges &c) {
              for (int i = 0; i < 50; ++i) c.leaves(true, 5000);
              for (int i = 0; i < 50; ++i) {
                c.arrives(false);
                c.leaves(false, 5000);
              }
            }),
            "");
}

TEST(challenges, three_in_a_second_must_be_answered) {
  challenges c;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(c.must_answer(5000));
  EXPECT_FALSE(c.must_answer(5999));
  EXPECT_TRUE(c.must_answer(6000));
}

}  // namespace

}  // namespace kyu::fuzz
