// Binary and script form: total, exact, and bounded.
#include "scenario/op.h"
#include "scenario/random.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kyu::fuzz {

namespace {

std::vector<uint8_t> random_bytes(random_source &r, size_t n) {
  std::vector<uint8_t> b(n);
  for (uint8_t &x : b) x = uint8_t(r.next());
  return b;
}

TEST(codec, any_bytes_are_a_scenario_that_encodes_exactly) {
  random_source r(1);
  for (int i = 0; i < 5000; ++i) {
    scenario s = decode(random_bytes(r, r.below(600)));
    ASSERT_LE(s.size(), max_ops);
    ASSERT_EQ(decode(encode(s)), s);
  }
}

TEST(codec, a_script_says_the_same_as_the_bytes) {
  random_source r(2);
  for (int i = 0; i < 2000; ++i) {
    scenario s = decode(random_bytes(r, r.below(600)));
    parsed p = from_script(to_script(s));
    ASSERT_EQ(p.error, "");
    ASSERT_EQ(p.ops, s) << to_script(s);
  }
}

TEST(codec, a_megabyte_is_no_more_than_the_largest_scenario) {
  random_source r(3);
  EXPECT_EQ(decode(random_bytes(r, 1 << 20)).size(), max_ops);
  EXPECT_TRUE(decode({}).empty());
}

TEST(codec, memory_used_again_leaves_nothing_behind) {
  random_source r(4);
  scenario again;
  for (int i = 0; i < 500; ++i) {
    std::vector<uint8_t> b = random_bytes(r, r.below(600));
    decode(b, again);
    ASSERT_EQ(again, decode(b));
  }
}

TEST(script, errors_name_the_line_and_what_is_wrong) {
  EXPECT_EQ(from_script("\nuser 0: nix\n").error, "2: no op 'nix' here");
  EXPECT_EQ(from_script("user 7: close\n").error, "1: expected 'user N', with N from 0 to 3");
  EXPECT_EQ(from_script("peer 0 < S port=70000\n").error, "1: bad value in 'port=70000'");
  EXPECT_EQ(from_script("peer 0 < S prot=7\n").error, "1: no parameter 'prot' here");
  EXPECT_EQ(from_script("+5s\n").error, "1: expected a time such as +100ms, up to 14400000ms");
  EXPECT_EQ(from_script("raw 0\n").error, "1: expected raw and up to 1514 bytes in hex");
  EXPECT_EQ(from_script("// only a comment\n").error, "");
}

TEST(script, a_preemption_reads_as_a_sentence) {
  scenario s = from_script("preempt user-2 at sb_unlock -> timer skip=3\n").ops;
  ASSERT_EQ(s.size(), 1u);
  EXPECT_EQ(to_line(s[0]), "preempt user-2 at sb_unlock -> timer skip=3");
  EXPECT_EQ(from_script("preempt user-9 at sleep -> timer\n").error, "1: no thread 'user-9'");
  EXPECT_EQ(from_script("preempt user-1 at sleeps -> timer\n").error, "1: no point 'sleeps'");
  EXPECT_EQ(from_script("preempt user-1 at sleep -> nobody\n").error, "1: no thread 'nobody'");
  EXPECT_EQ(from_script("preempt user-1 at sleep\n").error, "1: expected preempt THREAD at POINT -> THREAD");
}

}  // namespace

}  // namespace kyu::fuzz
