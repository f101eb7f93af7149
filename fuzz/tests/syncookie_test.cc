// SYN floods as conversations.
#include "tests/conversation.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

// A listener with a backlog of one, whose queue two half-open connections fill.
std::string after_flood(const std::string &script) {
  const std::string opening = "user 0: tcp_bind backlog=1\npeer 2 < S port=114\npeer 3 < S port=114\n";
  return "\n" + conversation(opening + script).substr(conversation(opening).size());
}

TEST(syncookie, a_client_gets_through_a_full_queue_with_its_options) {
  EXPECT_EQ(after_flood(R"(peer 0 < S port=114 mss=1460 sackok=yes wscale=3 ts=yes
+50ms
peer 0 < . ts=yes
user 0: tcp_accept
peer 0 < P. len=100 win=1000
peer 0 < P. seq=next+100 len=100 win=1000
)"),
            R"(
0.000 > S. 0(0) ack 1 win 16384 mss 1460 sackOK wscale 0 TS val 0 ecr 0
0.050 user 0: tcp_accept = 1
0.050 > . 1(0) ack 101 win 16284 TS val 50 ecr 50 sack 201:301
)");
}

// Who is half-open only waits for the network: a cookie that comes back does not cost it its place.
TEST(syncookie, half_open_connections_keep_their_place) {
  EXPECT_EQ(after_flood(R"(peer 0 < S port=114 mss=1000
peer 0 < .
peer 2 < .
user 0: tcp_accept
user 0: tcp_accept
)"),
            R"(
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
0.000 user 0: tcp_accept = 2
)");
}

// Data with the ACK is taken too.
TEST(syncookie, the_ack_may_carry_data) {
  EXPECT_EQ(after_flood(R"(peer 0 < S port=114 mss=1000
peer 0 < P. len=10
user 0: tcp_accept
user 0: recv fd=1
)"),
            R"(
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
0.000 user 0: recv fd=1 = 10
)");
}

// A SYN that came twice was answered by a cookie first and remembered then: whichever answer the peer takes
// is right.
TEST(syncookie, the_peer_may_take_the_cookie_although_we_remember) {
  EXPECT_EQ(after_flood(R"(peer 0 < S port=114 mss=1000
peer 2 < R
lose
peer 0 < S seq=iss mss=1000
peer 0 < .
user 0: tcp_accept
peer 0 < P. len=10
user 0: recv fd=1
)"),
            R"(
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
0.000 user 0: recv fd=1 = 10
)");
}

// Data that overtakes the ACK does not cost the connection, nor does a FIN.
TEST(syncookie, data_may_overtake_the_ack) {
  EXPECT_EQ(after_flood(R"(peer 0 < S port=114 mss=1000
peer 0 < P. seq=next+10 len=10
peer 0 < .
peer 0 < P. len=10
peer 0 < P. len=10
user 0: tcp_accept
user 0: recv fd=1
)"),
            R"(
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 > . 1(0) ack 21 win 16364
0.000 user 0: tcp_accept = 1
0.000 user 0: recv fd=1 = 20
)");
}

TEST(syncookie, a_wrong_or_an_old_one_is_reset) {
  EXPECT_EQ(after_flood(R"(peer 0 < S port=114 mss=1460
peer 0 < . ack=all+1
+130000ms
peer 0 < .
)"),
            R"(
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 > R 2(0) win 0
1.000 > S. 0(0) ack 1 win 16384 mss 1460
1.000 > S. 0(0) ack 1 win 16384 mss 1460
3.000 > S. 0(0) ack 1 win 16384 mss 1460
3.000 > S. 0(0) ack 1 win 16384 mss 1460
7.000 > S. 0(0) ack 1 win 16384 mss 1460
7.000 > S. 0(0) ack 1 win 16384 mss 1460
15.000 > S. 0(0) ack 1 win 16384 mss 1460
15.000 > S. 0(0) ack 1 win 16384 mss 1460
31.000 > S. 0(0) ack 1 win 16384 mss 1460
31.000 > S. 0(0) ack 1 win 16384 mss 1460
63.000 > S. 0(0) ack 1 win 16384 mss 1460
63.000 > S. 0(0) ack 1 win 16384 mss 1460
75.000 > R. 1(0) ack 1 win 0
75.000 > R. 1(0) ack 1 win 0
130.000 > R 1(0) win 0
)");
}

// Where the user is late, the ACK is not answered by a reset: it comes again with the peer's data.
TEST(syncookie, a_cookie_waits_for_room) {
  EXPECT_EQ(conversation(R"(user 0: tcp_bind backlog=1
peer 0 < S port=114
peer 1 < S port=114
peer 2 < S port=114 mss=1000
peer 0 < .
peer 1 < .
peer 2 < .
user 0: tcp_accept
peer 2 < P. len=10
user 0: tcp_accept
user 0: tcp_accept
user 0: recv fd=3
)"),
            R"(
0.000 user 0: tcp_bind backlog=1 = 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
0.000 user 0: tcp_accept = 2
0.000 user 0: tcp_accept = 3
0.000 user 0: recv fd=3 = 10
)");
}

// A full queue of completed connections is for the user to empty: no cookie promises more.
TEST(syncookie, none_when_nobody_accepts) {
  EXPECT_EQ(conversation(R"(user 0: tcp_bind backlog=1
peer 0 < S port=114
peer 0 < .
peer 1 < S port=114
peer 1 < .
peer 2 < S port=114
)"),
            R"(
0.000 user 0: tcp_bind backlog=1 = 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 > S. 0(0) ack 1 win 16384 mss 1460
)");
}

}  // namespace

}  // namespace kyu::fuzz
