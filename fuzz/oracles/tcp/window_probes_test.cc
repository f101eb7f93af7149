// How often a closed window is probed.
#include "oracles/tcp/window_probes.h"

#include "run/child.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

constexpr const char *too_often = "protocol:a closed window is probed too often";

constexpr auto &found = signature_with<window_probes>;

// The first at 5 s, the others so long after the one before.
void probe(window_probes &p, std::initializer_list<uint64_t> intervals) {
  uint64_t now = 5000;
  p.leaves(now);
  for (uint64_t i : intervals) p.leaves(now += i);
}

TEST(window_probes, none_comes_before_a_time_out_can_have_passed) {
  EXPECT_EQ(found([](window_probes &p) { probe(p, {1000}); }), "");
  EXPECT_EQ(found([](window_probes &p) { probe(p, {999}); }), too_often);
}

TEST(window_probes, they_become_less_often) {
  EXPECT_EQ(found([](window_probes &p) { probe(p, {5000, 5000, 5000, 5000}); }), "");
  EXPECT_EQ(found([](window_probes &p) { probe(p, {5000, 5000, 5000, 5000, 5000}); }), too_often);
  EXPECT_EQ(found([](window_probes &p) { probe(p, {5000, 5000, 8000, 16000, 32000}); }), "");
}

TEST(window_probes, half_a_minute_is_often_enough) {
  EXPECT_EQ(found([](window_probes &p) { probe(p, {30000, 30000, 30000, 30000, 30000, 30000}); }), "");
}

TEST(window_probes, another_window_begins_anew) {
  EXPECT_EQ(found([](window_probes &p) {
              probe(p, {5000, 5000, 5000, 5000});
              p.begin_anew();
              p.leaves(25500);
              p.leaves(30500);
            }),
            "");
}

}  // namespace

}  // namespace kyu::fuzz
