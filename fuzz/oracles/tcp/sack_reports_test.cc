// What is reported of segments that came out of order.
#include "oracles/tcp/sack_reports.h"

#include "run/child.h"

#include <gtest/gtest.h>

#include <vector>

namespace kyu::fuzz {

namespace {

constexpr const char *not_there = "protocol:a SACK block of what is not there";
constexpr const char *not_twice = "protocol:a block of what has not come twice";
constexpr const char *not_newest = "protocol:the first SACK block is not the newest segment's";

// Up to 100 all has come in order; then 200 to 300, and 400 to 500, the newest.
struct receiver {
  receiver() {
    for (seq_range r : {seq_range{1, 100}, {200, 300}, {400, 500}}) {
      reports.another_comes(r);
      if (r.start > 1) reports.arrive(r, r.start == 200, true);
      received.add(r);
    }
  }
  bool say(const std::vector<seq_range> &blocks, uint32_t ack = 100) {
    wire_tcp t;
    t.flags = bit_ack;
    t.ack = ack;
    for (const seq_range &b : blocks) t.sack[t.sacks++] = b;
    return reports.leave(t, received, true);
  }

  seq_ranges received;
  sack_reports reports;
};

constexpr auto &found = signature_with<receiver>;

TEST(sack_reports, begin_with_the_newest_segment) {
  EXPECT_EQ(found([](receiver &r) { r.say({{400, 500}, {200, 300}}); }), "");
  EXPECT_EQ(found([](receiver &r) { r.say({{200, 300}, {400, 500}}); }), not_newest);
  EXPECT_EQ(found([](receiver &r) { r.say({}); }), not_newest);
}

TEST(sack_reports, need_not_when_something_else_has_come) {
  EXPECT_EQ(found([](receiver &r) {
              r.reports.another_comes({});
              r.say({});
            }),
            "");
}

TEST(sack_reports, are_of_what_has_arrived_and_is_not_acknowledged) {
  EXPECT_EQ(found([](receiver &r) { r.say({{400, 501}}); }), not_there);
  EXPECT_EQ(found([](receiver &r) { r.say({{400, 400}}); }), not_there);
  EXPECT_EQ(found([](receiver &r) { r.say({{400, 500}, {200, 300}}, 200); }), not_there);
}

// RFC 2883: the first block may be of what came twice.
TEST(sack_reports, may_begin_with_a_duplicate) {
  EXPECT_EQ(found([](receiver &r) { r.say({{50, 100}, {400, 500}}); }), "");
  EXPECT_EQ(found([](receiver &r) { r.say({{420, 430}, {400, 500}}); }), "");
  EXPECT_EQ(found([](receiver &r) { r.say({{50, 100}, {200, 300}}); }), not_newest);
}

// In one segment.
TEST(sack_reports, of_a_duplicate_say_what_came_twice) {
  EXPECT_EQ(found([](receiver &r) {
              r.reports.another_comes({100, 110});
              r.received.add({100, 110});
              r.say({{50, 105}, {400, 500}}, 110);
            }),
            not_twice);
}

TEST(sack_reports, are_remembered_by_what_they_report) {
  receiver r;
  EXPECT_FALSE(r.reports.has_reported(450));
  EXPECT_TRUE(r.say({{400, 500}}));
  EXPECT_TRUE(r.reports.has_reported(450));
  EXPECT_FALSE(r.reports.has_reported(250));
}

TEST(sack_reports, are_of_segments_that_may_be_thrown_away_when_there_are_many) {
  receiver r;
  for (uint32_t n = 2; n < 16; ++n) r.reports.arrive({1000 * n, 1000 * n + 1}, false, true);
  EXPECT_TRUE(r.reports.surely_kept());
  r.reports.arrive({20'000, 20'001}, false, true);
  EXPECT_FALSE(r.reports.surely_kept());
  r.reports.arrive({30'000, 30'001}, true, true);
  EXPECT_TRUE(r.reports.surely_kept());
}

}  // namespace

}  // namespace kyu::fuzz
