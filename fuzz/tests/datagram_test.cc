// UDP and ICMP as conversations.
#include "tests/conversation.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

TEST(datagram, udp_answers_and_refuses) {
  EXPECT_EQ(conversation(R"(user 0: socket type=dgram
user 0: bind port=53
peer 0 < udp port=53 len=10
user 0: recv
peer 0 < udp port=54 len=10
user 0: sendto port=9 len=7
)"),
            R"(
0.000 user 0: socket type=dgram = 0
0.000 user 0: bind port=53 = 0
0.000 user 0: recv = 10
0.000 > icmp type 3 code 3
0.000 > udp 53>9 (7)
0.000 user 0: sendto port=9 len=7 = 7
)");
}

TEST(datagram, ping_is_answered) {
  EXPECT_EQ(conversation(R"(peer 0 < icmp type=echo len=10
)"),
            R"(
0.000 > icmp type 0 code 0
)");
}

}  // namespace

}  // namespace kyu::fuzz
