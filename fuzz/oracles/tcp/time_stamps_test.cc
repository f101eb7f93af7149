// What the stack may say of time stamps, and which of them it takes for old.
#include "oracles/tcp/time_stamps.h"

#include "run/child.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace kyu::fuzz {

namespace {

constexpr uint64_t day = 24ull * 3600 * 1000;  // ms

wire_tcp stamped(uint32_t value, uint32_t echo = 0) {
  wire_tcp t;
  t.has_ts = true;
  t.tsval = value;
  t.tsecr = echo;
  return t;
}

// Agreed on by SYNs with 100, ours, and 500.
time_stamps agreed() {
  time_stamps s;
  s.syn_leaves(stamped(100), 0);
  s.agree(stamped(100), stamped(500));
  return s;
}

std::string found(const std::function<void(time_stamps &)> &body) {
  return signature_of([&] {
    time_stamps s = agreed();
    body(s);
  });
}

TEST(time_stamps, are_agreed_on_by_both_or_not_at_all) {
  time_stamps s;
  s.agree(stamped(100), wire_tcp());
  EXPECT_FALSE(s.agreed());
  EXPECT_TRUE(s.plausible(wire_tcp(), true, 0));
  EXPECT_TRUE(s.newest(wire_tcp()));
  EXPECT_TRUE(agreed().agreed());
  EXPECT_FALSE(agreed().plausible(wire_tcp(), true, 0));
}

TEST(time_stamps, do_not_run_back) {
  EXPECT_EQ(found([](time_stamps &s) { s.leave(stamped(100, 500), 0, 0); }), "");
  EXPECT_EQ(found([](time_stamps &s) { s.leave(stamped(99, 500), 0, 0); }),
            "protocol:the time stamps' clock runs back");
  EXPECT_EQ(found([](time_stamps &s) { s.leave(stamped(99, 500), 25 * day, 0); }), "");  // half a turn on
}

TEST(time_stamps, echo_what_arrived_at_the_edge) {
  const char *wrong = "protocol:an echo of a time stamp that never arrived, or of an older one";
  auto answer = [](uint32_t echo, bool at_edge) {
    return found([=](time_stamps &s) {
      s.another_comes();
      s.arrive(stamped(510), at_edge);
      s.leave(stamped(101, echo), 0, 0);
    });
  };
  EXPECT_EQ(answer(510, true), "");
  EXPECT_EQ(answer(500, true), "");
  EXPECT_EQ(answer(510, false), wrong);
  EXPECT_EQ(answer(505, true), wrong);
}

// An ACK that leaves meanwhile puts what is looked at to the edge.
TEST(time_stamps, take_the_one_in_hand_once_all_before_is_acknowledged) {
  auto answer_behind_ack_of = [](uint32_t ack) {
    return found([=](time_stamps &s) {
      wire_tcp later = stamped(510), first = stamped(101, 500);
      later.seq = 7;
      first.ack = ack;
      s.another_comes();
      s.arrive(later, false);
      s.leave(first, 0, 0);
      s.leave(stamped(102, 510), 0, 0);
    });
  };
  EXPECT_EQ(answer_behind_ack_of(7), "");
  EXPECT_NE(answer_behind_ack_of(6), "");
}

TEST(time_stamps, that_are_older_than_the_echo_are_not_taken_for_24_days) {
  time_stamps s = agreed();
  s.arrive(stamped(510), true);
  s.leave(stamped(101, 510), 0, 1000);
  EXPECT_TRUE(s.plausible(stamped(510), true, 2000));
  EXPECT_FALSE(s.plausible(stamped(509), true, 2000));
  EXPECT_TRUE(s.plausible(stamped(509), false, 2000));
  EXPECT_TRUE(s.plausible(stamped(509), true, 1000 + 24 * day));
}

TEST(time_stamps, are_the_newest_when_none_that_may_have_been_taken_is_newer) {
  time_stamps s = agreed();
  s.arrive(stamped(510), true);
  EXPECT_TRUE(s.newest(stamped(510)));
  EXPECT_FALSE(s.newest(stamped(505)));
  s.arrive(stamped(520), false);
  EXPECT_TRUE(s.newest(stamped(510)));
}

TEST(time_stamps, echo_the_newest_that_was_taken) {
  auto later = [](uint32_t echo, uint64_t ms, bool doubtful = false) {
    return found([=](time_stamps &s) {
      s.another_comes();
      s.arrive(stamped(510), true);
      s.take(stamped(510), 1000);
      if (doubtful) s.doubt();
      s.leave(stamped(101, echo), 1000 + ms, 1000);
    });
  };
  EXPECT_EQ(later(510, 200), "");
  EXPECT_EQ(later(500, 200), "protocol:an echo of an older time stamp than the last that was taken");
  EXPECT_EQ(later(500, 0), "");  // it was on its way
  EXPECT_EQ(later(500, 25 * day), "");
  EXPECT_EQ(later(500, 200, true), "");
}

}  // namespace

}  // namespace kyu::fuzz
