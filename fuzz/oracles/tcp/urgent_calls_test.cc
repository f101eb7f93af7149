// Which bytes a user has called urgent, by what its calls have come to.
#include "oracles/tcp/urgent_calls.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

TEST(urgent_calls, the_last_byte_of_a_call_is_urgent_while_it_is_under_way_and_later) {
  urgent_calls u;
  EXPECT_FALSE(u.may_point_to(10));
  u.begins(10);
  EXPECT_TRUE(u.may_point_to(10));
  EXPECT_FALSE(u.may_point_to(9));
  EXPECT_TRUE(u.has_some_of(9, 10));
  EXPECT_FALSE(u.has_some_of(0, 9));
  EXPECT_FALSE(u.has_some_of(10, 20));
  u.returns(10);
  EXPECT_TRUE(u.may_point_to(10));
  u.returns(15);  // another call, with nothing urgent
  EXPECT_TRUE(u.has_some_of(0, 15));
  EXPECT_FALSE(u.may_point_to(15));
}

TEST(urgent_calls, nothing_is_urgent_of_a_call_that_was_taken_in_part) {
  urgent_calls u;
  u.begins(10);
  u.returns(7);
  EXPECT_FALSE(u.may_point_to(7));
  EXPECT_FALSE(u.may_point_to(10));
  EXPECT_FALSE(u.has_some_of(0, 10));
}

TEST(urgent_calls, of_many_a_pointer_may_lead_to_a_forgotten_one) {
  urgent_calls u;
  for (uint32_t end = 1; end < 20; ++end) {
    u.begins(end);
    u.returns(end);
  }
  EXPECT_TRUE(u.may_point_to(1));
  EXPECT_FALSE(u.has_some_of(0, 1));
  EXPECT_TRUE(u.has_some_of(18, 19));
}

}  // namespace

}  // namespace kyu::fuzz
