// IP and ICMP as conversations: fragments, options, path MTUs.
#include "tests/conversation.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

// With everybody's link address known, so that what follows is seen at once.
std::string after_arp(const std::string &script) {
  const std::string opening = "peer 0 < arp\npeer 0 < icmp len=8\n";
  return "\n" + conversation(opening + script).substr(conversation(opening).size());
}

// RFC 791, 3.2; RFC 1122, 3.3.2. Each order of the fragments gives the whole; the answer fits a frame.
TEST(ip, fragments_are_joined) {
  for (const char *order : {"in-order", "reversed", "twice"})
    EXPECT_EQ(after_arp("peer 0 ip frag=256 order=" + std::string(order) + "\npeer 0 < icmp len=1000\n"),
              "\n0.000 > icmp type 0 code 0\n")
        << order;
}

// RFC 5722, as RFC 8200 has it for IPv6: all of it is dropped, also what comes later.
TEST(ip, overlapping_fragments_are_refused) {
  EXPECT_EQ(after_arp("peer 0 ip frag=256 order=overlapping\npeer 0 < icmp len=1000\n"
                      "peer 0 ip frag=256\npeer 0 < icmp len=1000\n+61000ms\n"
                      "peer 0 ip frag=256\npeer 0 < icmp len=1000\n"),
            R"(
61.000 > icmp type 0 code 0
)");
}

// RFC 792: who sent the first fragment is told after a minute; who did not, is not.
TEST(ip, a_datagram_that_stays_incomplete_is_dropped) {
  EXPECT_EQ(after_arp("peer 0 ip frag=256 order=without-last\npeer 0 < udp port=9 len=1000\n+61000ms\n"),
            R"(
60.000 > icmp type 11 code 1
)");
  EXPECT_EQ(after_arp("peer 0 ip frag=256 order=without-first\npeer 0 < udp port=9 len=1000\n+61000ms\n"),
            R"(
)");
}

// A datagram cannot end beyond 65535 bytes, whatever its fragments say.
TEST(ip, no_datagram_is_longer_than_ip_can_say) {
  EXPECT_EQ(after_arp("peer 0 ip frag=256 shift=8100\npeer 0 < icmp len=1000\n+61000ms\n"), "\n");
}

// A TCP segment in fragments is a segment.
TEST(ip, a_syn_in_fragments_opens) {
  EXPECT_EQ(after_arp("user 0: tcp_bind\npeer 0 ip frag=8\npeer 0 < S port=114 mss=1460\n"), R"(
0.000 user 0: tcp_bind = 0
0.000 > S. 0(0) ack 0 win 16384 mss 1460
)");
}

// RFC 1122, 3.2.1.8, RFC 7126: options change nothing, source routes and broken lists are refused.
TEST(ip, options) {
  for (const char *harmless : {"nop", "rr", "ts", "router-alert"})
    EXPECT_EQ(after_arp("peer 0 ip options=" + std::string(harmless) + "\npeer 0 < icmp len=100\n"),
              "\n0.000 > icmp type 0 code 0\n")
        << harmless;
  for (const char *route : {"lsrr", "ssrr"})
    EXPECT_EQ(after_arp("peer 0 ip options=" + std::string(route) + "\npeer 0 < udp port=9 len=100\n"),
              "\n0.000 > icmp type 3 code 5\n")
        << route;
  for (const char *broken : {"zero-length", "too-long", "cut-off"})
    EXPECT_EQ(after_arp("peer 0 ip options=" + std::string(broken) + "\npeer 0 < udp port=9 len=100\n"),
              "\n0.000 > icmp type 12 code 0\n")
        << broken;
}

// What is larger than the link goes out in fragments, each to the same neighbour, also when that has
// to be asked for first.
TEST(ip, a_large_datagram_goes_out_in_fragments) {
  EXPECT_EQ(conversation(R"(user 0: socket type=dgram
user 0: sendto port=9 len=2047
)"),
            R"(
0.000 user 0: socket type=dgram = 0
0.000 user 0: sendto port=9 len=2047 = 2047
0.000 > ip fragment 0(1480)+
0.000 > ip fragment 1480(575)
)");
}

// RFC 1191: a router that says what fits is believed if it quotes what is in flight.
TEST(ip, path_mtu) {
  EXPECT_EQ(after_arp(R"(user 0: tcp_bind
peer 0 < S port=114 mss=1460
peer 0 < .
user 0: tcp_accept
user 0: send fd=1 len=2920
peer 0 < icmp type=need-frag mtu=1000
peer 0 < . ack=max
user 0: send fd=1 len=1500
)"),
            R"(
0.000 user 0: tcp_bind = 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
0.000 > . 1(1460) ack 1 win 16384
0.000 > P. 1461(1460) ack 1 win 16384
0.000 user 0: send fd=1 len=2920 = 2920
0.000 > . 1(960) ack 1 win 16384
0.000 > . 961(960) ack 1 win 16384
0.000 > . 1921(960) ack 1 win 16384
0.000 > P. 2881(40) ack 1 win 16384
0.000 > . 2921(960) ack 1 win 16384
0.000 > P. 3881(540) ack 1 win 16384
0.000 user 0: send fd=1 len=1500 = 1500
)");
}

// RFC 5927, 7.2: no error makes us send crumbs; RFC 1191, 7.1: a router that does not say.
TEST(ip, path_mtu_has_a_floor_and_plateaus) {
  EXPECT_EQ(after_arp(R"(user 0: tcp_bind
peer 0 < S port=114 mss=1460
peer 0 < .
user 0: tcp_accept
user 0: send fd=1 len=1460
peer 0 < icmp type=need-frag mtu=70
peer 0 < . ack=max
)"),
            R"(
0.000 user 0: tcp_bind = 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
0.000 > P. 1(1460) ack 1 win 16384
0.000 user 0: send fd=1 len=1460 = 1460
0.000 > . 1(512) ack 1 win 16384
0.000 > . 513(512) ack 1 win 16384
0.000 > P. 1025(436) ack 1 win 16384
)");
  EXPECT_EQ(after_arp(R"(user 0: tcp_bind
peer 0 < S port=114 mss=1460
peer 0 < .
user 0: tcp_accept
user 0: send fd=1 len=1460
peer 0 < icmp type=need-frag mtu=0
)"),
            R"(
0.000 user 0: tcp_bind = 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
0.000 > P. 1(1460) ack 1 win 16384
0.000 user 0: send fd=1 len=1460 = 1460
0.000 > . 1(1452) ack 1 win 16384
0.000 > P. 1453(8) ack 1 win 16384
)");
}

// RFC 1122, 4.1.3.5 and 3.3.6: a broadcast reaches every socket on the port, and is never answered.
TEST(ip, a_broadcast_reaches_every_listener) {
  for (const char *to : {"everybody", "network"})
    EXPECT_EQ(after_arp("user 0: socket type=dgram\nuser 0: setopt option=reuseaddr\nuser 0: bind port=67\n"
                        "peer 0 < udp port=67 len=10 to=" +
                        std::string(to) + "\npeer 0 < udp port=68 len=10 to=" + std::string(to) +
                        "\nuser 0: recv flags=d\n"),
              R"(
0.000 user 0: socket type=dgram = 0
0.000 user 0: setopt = 0
0.000 user 0: bind port=67 = 0
0.000 user 0: recv flags=d = 10
)") << to;
}

}  // namespace

}  // namespace kyu::fuzz
