// When two stacks have nothing more to say to each other, and say it.
#include "oracles/endless.h"

#include "world/packet.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

constexpr int enough = 5'000;
const route near_to_far{{{2, 0, 0, 0, 1, 0}}, {{2, 0, 0, 0, 0, 1}}, 0x0a000002, 0x0a000001};

struct wire {
  // Bytes from `seq` on.
  bool carries(uint32_t seq, uint32_t len, uint8_t flags = TH_ACK) {
    tcphdr th{};
    th.th_sport = 40000;
    th.th_dport = 114;
    th.th_seq = seq;
    th.th_ack = 1;
    th.th_flags = flags;
    frame f;
    build_tcp(f, near_to_far, th, {}, 0, 0, len);
    return watch.goes_on(way ^= 1, f.view());
  }

  endless watch;
  size_t way = 0;
};

TEST(endless, bare_acks_are_too_many_in_the_end) {
  wire w;
  for (uint32_t n = 0; n < enough; ++n) ASSERT_TRUE(w.carries(n, 0));
  EXPECT_FALSE(w.carries(enough, 0));
}

TEST(endless, the_same_again_says_nothing_whatever_it_brings) {
  wire w;
  for (int n = 0; n < enough + 2; ++n) ASSERT_TRUE(w.carries(7, 10, TH_ACK | TH_FIN));  // first on each way
  EXPECT_FALSE(w.carries(7, 10, TH_ACK | TH_FIN));
}

TEST(endless, data_between_them_begins_anew) {
  wire w;
  for (uint32_t round = 0; round < 3; ++round) {
    ASSERT_TRUE(w.carries(round, 1));
    for (int n = 0; n < enough; ++n) ASSERT_TRUE(w.carries(round, 0));
  }
}

}  // namespace

}  // namespace kyu::fuzz
