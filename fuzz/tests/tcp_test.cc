// TCP as conversations: what is said to the stack, and what it says and does then.
#include "tests/conversation.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

// The conversation from the point on at which the user has accepted a connection from peer 0 as fd 1.
std::string after_accept(const std::string &script) {
  const std::string opening = R"(user 0: tcp_bind
peer 0 < S port=114 mss=1460
peer 0 < .
user 0: tcp_accept
)";
  return "\n" + conversation(opening + script).substr(conversation(opening).size());
}

TEST(tcp, passive_open) {
  EXPECT_EQ(conversation(R"(user 0: tcp_bind
peer 0 < S port=114 mss=1460
peer 0 < .
user 0: tcp_accept
)"),
            R"(
0.000 user 0: tcp_bind = 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
)");
}

// RFC 9293, figure 6.
TEST(tcp, active_open) {
  EXPECT_EQ(conversation(R"(user 0: tcp_connect port=80
peer 0 < S. mss=1460
)"),
            R"(
0.000 > S 0(0) win 16384 mss 1460 sackOK wscale 0 TS val 0 ecr 0
0.000 > . 1(0) ack 1 win 16384
0.000 user 0: tcp_connect = 0
)");
}

// RFC 9293, figure 7.
TEST(tcp, simultaneous_open) {
  EXPECT_EQ(conversation(R"(user 0: tcp_connect port=80
peer 0 < S mss=1460
peer 0 < S. seq=iss
)"),
            R"(
0.000 > S 0(0) win 16384 mss 1460 sackOK wscale 0 TS val 0 ecr 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 > . 1(0) ack 1 win 16384
0.000 user 0: tcp_connect = 0
)");
}

// RFC 9293, figure 12.
TEST(tcp, user_closes_first) {
  EXPECT_EQ(after_accept(R"(user 0: close fd=1
peer 0 < .
peer 0 < F.
)"),
            R"(
0.000 > F. 1(0) ack 1 win 16384
0.000 user 0: close fd=1 = 0
0.000 > . 2(0) ack 2 win 16384
)");
}

TEST(tcp, peer_closes_first) {
  EXPECT_EQ(after_accept(R"(peer 0 < F.
user 0: recv fd=1
user 0: close fd=1
peer 0 < .
)"),
            R"(
0.000 > . 1(0) ack 2 win 16384
0.000 user 0: recv fd=1 = 0
0.000 > F. 1(0) ack 2 win 16384
0.000 user 0: close fd=1 = 0
)");
}

// RFC 9293, figure 13.
TEST(tcp, simultaneous_close) {
  EXPECT_EQ(after_accept(R"(user 0: close fd=1
peer 0 < F. ack=all-1
peer 0 < .
)"),
            R"(
0.000 > F. 1(0) ack 1 win 16384
0.000 user 0: close fd=1 = 0
0.000 > . 2(0) ack 2 win 16384
)");
}

// RFC 6298, 2.4 and 5.5: one second at least, then twice as long each time.
TEST(tcp, retransmission_after_a_second) {
  EXPECT_EQ(after_accept(R"(user 0: send fd=1 len=100
+8000ms
)"),
            R"(
0.000 > P. 1(100) ack 1 win 16384
0.000 user 0: send fd=1 = 100
1.000 > P. 1(100) ack 1 win 16384
3.000 > P. 1(100) ack 1 win 16384
7.000 > P. 1(100) ack 1 win 16384
)");
}

// After a time-out SND.NXT lies left of what the peer has; an ACK must not.
TEST(tcp, bare_ack_has_the_highest_number) {
  EXPECT_EQ(after_accept(R"(user 0: send fd=1 len=3000
+1100ms
peer 0 < . seq=next-1 ack=una
)"),
            R"(
0.000 > . 1(1460) ack 1 win 16384
0.000 > . 1461(1460) ack 1 win 16384
0.000 user 0: send fd=1 len=3000 = 3000
1.000 > . 1(1460) ack 1 win 16384
1.100 > . 2921(0) ack 1 win 16384
)");
}

// RFC 5681, 3.2: not the first, not the second.
TEST(tcp, third_duplicate_ack_retransmits) {
  EXPECT_EQ(after_accept(R"(user 0: send fd=1 len=8000
peer 0 < . ack=una+1460
peer 0 < . ack=una
peer 0 < . ack=una
peer 0 < . ack=una
)"),
            R"(
0.000 > . 1(1460) ack 1 win 16384
0.000 > . 1461(1460) ack 1 win 16384
0.000 > . 2921(1460) ack 1 win 16384
0.000 > . 4381(1460) ack 1 win 16384
0.000 > . 5841(1460) ack 1 win 16384
0.000 user 0: send fd=1 len=8000 = 8000
0.000 > . 1461(1460) ack 1 win 16384
)");
}

// RFC 9293, 3.8.6.1.
TEST(tcp, zero_window_is_probed) {
  EXPECT_EQ(after_accept(R"(peer 0 < . win=0
user 0: send fd=1 len=10
+16000ms
peer 0 < . win=100
)"),
            R"(
0.000 user 0: send fd=1 len=10 = 10
5.000 > . 1(1) ack 1 win 16384
10.000 > . 1(1) ack 1 win 16384
15.000 > . 1(1) ack 1 win 16384
16.000 > P. 2(9) ack 1 win 16384
)");
}

// RFC 9293, 3.8.6.3: MUST be less than 0.5 s.
TEST(tcp, small_segment_is_acked_within_200_ms) {
  EXPECT_EQ(after_accept(R"(peer 0 < P. len=10
+1000ms
)"),
            R"(
0.200 > . 1(0) ack 11 win 16374
)");
}

// RFC 9293, 3.8.6.3.
TEST(tcp, second_segment_is_acked_at_once) {
  EXPECT_EQ(after_accept(R"(peer 0 < . len=1460
peer 0 < . len=1460
)"),
            R"(
0.000 > . 1(0) ack 2921 win 13464
)");
}

// RFC 9293, 3.7.4.
TEST(tcp, nagle_waits_for_the_ack) {
  EXPECT_EQ(after_accept(R"(user 0: send fd=1 len=10
user 0: send fd=1 len=10
user 0: send fd=1 len=10
peer 0 < .
)"),
            R"(
0.000 > P. 1(10) ack 1 win 16384
0.000 user 0: send fd=1 len=10 = 10
0.000 user 0: send fd=1 len=10 = 10
0.000 user 0: send fd=1 len=10 = 10
0.000 > P. 11(20) ack 1 win 16384
)");
}

TEST(tcp, nodelay_does_not_wait) {
  EXPECT_EQ(after_accept(R"(user 0: setopt fd=1 option=nodelay
user 0: send fd=1 len=10
user 0: send fd=1 len=10
)"),
            R"(
0.000 user 0: setopt fd=1 option=nodelay = 0
0.000 > P. 1(10) ack 1 win 16384
0.000 user 0: send fd=1 len=10 = 10
0.000 > P. 11(10) ack 1 win 16384
0.000 user 0: send fd=1 len=10 = 10
)");
}

// The user hears of it once.
TEST(tcp, reset_at_the_edge_ends_it) {
  EXPECT_EQ(after_accept(R"(peer 0 < R
user 0: recv fd=1
user 0: recv fd=1
)"),
            R"(
0.000 user 0: recv fd=1 = ECONNRESET
0.000 user 0: recv fd=1 = 0
)");
}

// RFC 5961, 3.2.
TEST(tcp, reset_in_the_window_is_challenged) {
  EXPECT_EQ(after_accept(R"(peer 0 < R seq=next+1
peer 0 < P. len=5
user 0: recv fd=1
)"),
            R"(
0.000 > . 1(0) ack 1 win 16384
0.000 user 0: recv fd=1 = 5
)");
}

TEST(tcp, reset_outside_is_ignored) {
  EXPECT_EQ(after_accept(R"(peer 0 < R seq=next-1
peer 0 < P. len=5
user 0: recv fd=1
)"),
            R"(
0.000 user 0: recv fd=1 = 5
)");
}

// RFC 5961, 4.2.
TEST(tcp, syn_in_established_is_challenged) {
  EXPECT_EQ(after_accept(R"(peer 0 < S seq=iss
peer 0 < P. seq=una len=5
user 0: recv fd=1
)"),
            R"(
0.000 > . 1(0) ack 1 win 16384
0.000 user 0: recv fd=1 = 5
)");
}

// RFC 9293, 3.10.7.1; a reset is never answered.
TEST(tcp, no_listener_no_connection) {
  EXPECT_EQ(conversation(R"(peer 0 < S port=99
peer 0 < . port=99
peer 0 < R port=99
)"),
            R"(
0.000 > R. 0(0) ack 1 win 0
0.000 > R 0(0) win 0
)");
}

TEST(tcp, out_of_order_is_put_in_order) {
  EXPECT_EQ(after_accept(R"(peer 0 < . seq=next+100 len=100
peer 0 < . len=100
user 0: recv fd=1
)"),
            R"(
0.000 > . 1(0) ack 1 win 16384
0.000 > . 1(0) ack 201 win 16184
0.000 user 0: recv fd=1 = 200
)");
}

// What of it is kept ends before its FIN, which would stand where a byte has come.
TEST(tcp, a_fin_in_the_text_does_not_move_with_what_is_kept) {
  EXPECT_EQ(after_accept(R"(peer 0 < . seq=next+638 len=100
peer 0 < F. seq=next+137 len=600
peer 0 < . len=138
user 0: recv fd=1 len=1000 flags=d
user 0: recv fd=1 len=1000 flags=d
)"),
            R"(
0.000 > . 1(0) ack 1 win 16384
0.000 > . 1(0) ack 1 win 16384
0.000 > . 1(0) ack 739 win 15646
0.000 user 0: recv fd=1 len=1000 flags=d = 738
0.000 user 0: recv fd=1 len=1000 flags=d = EAGAIN
)");
}

// RFC 9293, 3.6.1 (RFC 2525, 2.17).
TEST(tcp, unread_data_resets) {
  EXPECT_EQ(after_accept(R"(peer 0 < P. len=5
user 0: close fd=1
)"),
            R"(
0.000 > R. 1(0) ack 6 win 0
0.000 user 0: close fd=1 = 0
)");
}

// Nine bytes, the mark, ten bytes; the one between came by itself.
TEST(tcp, urgent_byte_leaves_the_stream) {
  EXPECT_EQ(after_accept(R"(peer 0 < PU. len=20 urg=10
user 0: recv fd=1 flags=o
user 0: recv fd=1
user 0: recv fd=1
)"),
            R"(
0.000 user 0: recv fd=1 flags=o = 1
0.000 user 0: recv fd=1 = 9
0.000 user 0: recv fd=1 = 10
)");
}

TEST(tcp, mss_is_respected) {
  EXPECT_EQ(conversation(R"(user 0: tcp_bind
peer 0 < S port=114 mss=100
peer 0 < .
user 0: tcp_accept
user 0: send fd=1 len=250
peer 0 < .
)"),
            R"(
0.000 user 0: tcp_bind = 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
0.000 > . 1(100) ack 1 win 16384
0.000 > . 101(100) ack 1 win 16384
0.000 > P. 201(50) ack 1 win 16384
0.000 user 0: send fd=1 len=250 = 250
)");
}

// RFC 9293, 3.7.1, MUST-15.
TEST(tcp, no_mss_option_means_536) {
  EXPECT_EQ(conversation(R"(user 0: tcp_bind
peer 0 < S port=114
peer 0 < .
user 0: tcp_accept
user 0: send fd=1 len=600
peer 0 < .
)"),
            R"(
0.000 user 0: tcp_bind = 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
0.000 > . 1(536) ack 1 win 16384
0.000 > P. 537(64) ack 1 win 16384
0.000 user 0: send fd=1 len=600 = 600
)");
}

// RFC 9293, 3.8.6.2.2: 100 bytes are not worth an update.
TEST(tcp, closed_window_opens_once) {
  EXPECT_EQ(conversation(R"(user 0: tcp_bind
user 0: setopt option=rcvbuf value=2000
peer 0 < S port=114 mss=1460
peer 0 < .
user 0: tcp_accept
peer 0 < . len=1460
peer 0 < . len=540
user 0: recv fd=1 len=100
user 0: recv fd=1 len=1900
)"),
            R"(
0.000 user 0: tcp_bind = 0
0.000 user 0: setopt option=rcvbuf value=2000 = 0
0.000 > S. 0(0) ack 1 win 2000 mss 1460
0.000 user 0: tcp_accept = 1
0.000 > . 1(0) ack 2001 win 0
0.000 user 0: recv fd=1 len=100 = 100
0.000 > . 1(0) ack 2001 win 2000
0.000 user 0: recv fd=1 len=1900 = 1900
)");
}

// RFC 9293, 3.8.4, MUST-28.
TEST(tcp, keepalive_probes_after_two_hours) {
  EXPECT_EQ(conversation(R"(user 0: tcp_bind
user 0: setopt option=keepalive
peer 0 < S port=114
peer 0 < .
user 0: tcp_accept
user 0: recv fd=1
+8000000ms
)"),
            R"(
0.000 user 0: tcp_bind = 0
0.000 user 0: setopt option=keepalive = 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
7200.000 > . 0(0) ack 1 win 16384
7275.000 > . 0(0) ack 1 win 16384
7350.000 > . 0(0) ack 1 win 16384
7425.000 > . 0(0) ack 1 win 16384
7500.000 > . 0(0) ack 1 win 16384
7575.000 > . 0(0) ack 1 win 16384
7650.000 > . 0(0) ack 1 win 16384
7725.000 > . 0(0) ack 1 win 16384
7800.000 > R. 1(0) ack 1 win 0
7800.000 user 0: recv fd=1 = ETIMEDOUT
)");
}

TEST(tcp, linger_zero_resets) {
  EXPECT_EQ(after_accept(R"(user 0: setopt fd=1 option=linger value=1
user 0: close fd=1
)"),
            R"(
0.000 user 0: setopt fd=1 option=linger = 0
0.000 > R. 1(0) ack 1 win 0
0.000 user 0: close fd=1 = 0
)");
}

TEST(tcp, close_wakes_a_blocked_recv) {
  EXPECT_EQ(after_accept(R"(user 1: recv fd=1
user 0: close fd=1
)"),
            R"(
0.000 user 0: close fd=1 = 0
0.000 > F. 1(0) ack 1 win 16384
0.000 user 1: recv fd=1 = EBADF
)");
}

TEST(tcp, refused_by_an_icmp_error) {
  EXPECT_EQ(conversation(R"(user 0: tcp_connect port=80
peer 0 < icmp type=port-unreach
)"),
            R"(
0.000 > S 0(0) win 16384 mss 1460 sackOK wscale 0 TS val 0 ecr 0
0.000 user 0: tcp_connect = -1
)");
}

// Nobody answers ARP, so no segment ever leaves.
TEST(tcp, connect_gives_up_after_three_minutes) {
  EXPECT_EQ(conversation(R"(peer 0 react how=silent
user 0: tcp_connect port=80
+191000ms
)"),
            R"(
190.000 user 0: tcp_connect = -1
)");
}

// RFC 9293, 3.10.7.4 (RFC 1122, 4.2.2.13).
TEST(tcp, time_wait_makes_way_for_a_newer_syn) {
  EXPECT_EQ(after_accept(R"(user 0: close fd=1
peer 0 < .
peer 0 < F.
peer 0 < S seq=next+1000
peer 0 < .
user 0: tcp_accept
)"),
            R"(
0.000 > F. 1(0) ack 1 win 16384
0.000 user 0: close fd=1 = 0
0.000 > . 2(0) ack 2 win 16384
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 user 0: tcp_accept = 1
)");
}

// The urgent pointer counts from the segment's own number, also of a bare ACK that follows a probe.
TEST(tcp, urgent_pointer_counts_from_the_segment) {
  EXPECT_EQ(after_accept(R"(peer 0 < . win=50
user 0: send fd=1 len=100 flags=o
peer 0 < . win=50
)"),
            R"(
0.000 > U. 1(50) ack 1 win 16384 urg 100
0.000 user 0: send fd=1 flags=o = 100
0.000 > PU. 51(50) ack 1 win 16384 urg 50
)");
}

// The probe's byte lies beyond the window, and an ACK behind it would.
TEST(tcp, an_ack_beside_a_probe_has_a_number_in_the_window) {
  EXPECT_EQ(after_accept(R"(peer 0 < . win=0
user 0: send fd=1 len=100 flags=o
peer 0 < . seq=next-1 ack=una win=0
)"),
            R"(
0.000 > U. 1(1) ack 1 win 16384 urg 100
0.000 user 0: send fd=1 flags=o = 100
0.000 > U. 1(0) ack 1 win 16384 urg 100
)");
}

std::string results_of(const std::string &script, const char *user) {
  std::string said = conversation(
                  "user 0: tcp_bind\npeer 0 < S port=114 mss=1460\npeer 0 < .\nuser 0: tcp_accept\n" +
                  script),
              out;
  for (size_t at = 0; (at = said.find(user, at)) != std::string::npos; ++at) {
    size_t equals = said.find(" = ", at);
    out += said.substr(equals, said.find('\n', equals) - equals);
  }
  return out;
}

// The buffer holds 16 KiB; it is full of single bytes before it holds a hundred.
TEST(tcp, who_waits_for_all_gets_it_in_pieces_that_the_buffer_holds) {
  std::string segments, small = "user 0: setopt fd=1 option=rcvbuf value=200\n";
  for (int i = 0; i < 14; ++i) segments += "peer 0 < P. len=1460\n";
  EXPECT_EQ(results_of("user 1: recv fd=1 len=20000 flags=w\n" + segments, "user 1: recv"), " = 20000");
  for (int i = 0; i < 200; ++i) small += "peer 0 < P. len=1\n";
  EXPECT_EQ(results_of("user 1: recv fd=1 len=200 flags=w\n" + small, "user 1: recv"), " = 200");
}

TEST(tcp, who_waits_for_all_gets_what_there_is_at_the_end_and_then_learns_why) {
  EXPECT_EQ(
      results_of("user 1: recv fd=1 len=1000 flags=w\npeer 0 < P. len=300\npeer 0 < F.\nuser 1: recv fd=1\n",
                 "user 1: recv"),
      " = 300 = 0");
  EXPECT_EQ(
      results_of("user 1: recv fd=1 len=1000 flags=w\npeer 0 < P. len=300\npeer 0 < R\nuser 1: recv fd=1\n",
                 "user 1: recv"),
      " = 300 = ECONNRESET");
}

// Thirty connections one after the other, closed by the user, with room for 24 sockets: those that only wait
// in TIME-WAIT make room.
TEST(tcp, time_wait_makes_room_when_the_pool_is_empty) {
  std::string script = "user 0: tcp_bind\n", accepted = "user 0: tcp_accept = 1\n";
  for (int i = 0; i < 30; ++i)
    script +=
        "peer 0 < S port=114\npeer 0 < .\nuser 0: tcp_accept\nuser 0: close fd=1\npeer 0 < .\npeer 0 < F.\n";
  std::string said = conversation(script);
  int n = 0;
  for (size_t at = 0; (at = said.find(accepted, at)) != std::string::npos; ++at) ++n;
  EXPECT_EQ(n, 30);
}

// RFC 5482, RFC 9293, MUST-21: the user says how long data may stay unacknowledged.
TEST(tcp, user_timeout) {
  EXPECT_EQ(after_accept(R"(user 0: setopt fd=1 option=user-timeout value=5000
user 0: send fd=1 len=100
+20000ms
user 0: recv fd=1
)"),
            R"(
0.000 user 0: setopt fd=1 option=user-timeout value=5000 = 0
0.000 > P. 1(100) ack 1 win 16384
0.000 user 0: send fd=1 = 100
1.000 > P. 1(100) ack 1 win 16384
3.000 > P. 1(100) ack 1 win 16384
7.000 > R. 101(0) ack 1 win 0
20.000 user 0: recv fd=1 = ETIMEDOUT
)");
}

// RFC 9293, MUST-27.
TEST(tcp, keepalive_interval_is_the_users) {
  EXPECT_EQ(after_accept(R"(user 0: setopt fd=1 option=keepidle value=10
user 0: setopt fd=1 option=keepintvl value=2
user 0: setopt fd=1 option=keepalive
+30000ms
user 0: recv fd=1
)"),
            R"(
0.000 user 0: setopt fd=1 option=keepidle value=10 = 0
0.000 user 0: setopt fd=1 option=keepintvl value=2 = 0
0.000 user 0: setopt fd=1 option=keepalive = 0
10.000 > . 0(0) ack 1 win 16384
12.000 > . 0(0) ack 1 win 16384
14.000 > . 0(0) ack 1 win 16384
16.000 > . 0(0) ack 1 win 16384
18.000 > . 0(0) ack 1 win 16384
20.000 > . 0(0) ack 1 win 16384
22.000 > . 0(0) ack 1 win 16384
24.000 > . 0(0) ack 1 win 16384
26.000 > R. 1(0) ack 1 win 0
30.000 user 0: recv fd=1 = ETIMEDOUT
)");
}

// RFC 9293, MUST-48 and MUST-49.
TEST(tcp, tos_and_ttl_are_the_users) {
  EXPECT_EQ(after_accept(R"(user 0: setopt fd=1 option=tos value=46
user 0: setopt fd=1 option=ttl value=9
user 0: getopt fd=1 option=tos
user 0: getopt fd=1 option=ttl
user 0: setopt fd=1 option=ttl value=0
)"),
            R"(
0.000 user 0: setopt fd=1 option=tos value=46 = 0
0.000 user 0: setopt fd=1 option=ttl value=9 = 0
0.000 user 0: getopt fd=1 option=tos = 46
0.000 user 0: getopt fd=1 option=ttl = 9
0.000 user 0: setopt fd=1 option=ttl value=0 = EINVAL
)");
}

// A sender waits for memory as it waits for space; one that must not wait is told.
TEST(tcp, a_sender_waits_for_memory) {
  EXPECT_EQ(after_accept(R"(no-memory pool=cluster
user 0: send fd=1 len=1000
+200ms
no-memory pool=cluster
user 0: send fd=1 len=1000 flags=d
)"),
            R"(
0.100 > P. 1(1000) ack 1 win 16384
0.100 user 0: send fd=1 len=1000 = 1000
0.200 user 0: send fd=1 len=1000 flags=d = ENOBUFS
)");
}

}  // namespace

}  // namespace kyu::fuzz
