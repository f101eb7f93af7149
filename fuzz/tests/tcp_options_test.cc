// TCP's options as conversations: window scale, time stamps and PAWS (RFC 7323), SACK (RFC 2018, 2883,
// 6675), and what goes with them.
#include "tests/conversation.h"

#include <gtest/gtest.h>

#include "sys/siphash.h"
#include "tcp/tcp_option.h"

namespace kyu::fuzz {

namespace {

// From the point on at which the user has accepted a connection with these options as fd 1.
std::string after_accept(const std::string &options, const std::string &script) {
  const std::string opening =
      "user 0: tcp_bind\nuser 0: setopt option=rcvbuf value=65535\n"
      "peer 0 < S port=114 " +
      options + "\npeer 0 < .\nuser 0: tcp_accept\n";
  return "\n" + conversation(opening + script).substr(conversation(opening).size());
}

// The vectors of the paper's reference: key 00 01 .. 0f, messages of 0 and of 8 such bytes.
TEST(siphash, has_the_reference_values) {
  siphash_key key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  const uint64_t word[] = {0x0706050403020100};
  EXPECT_EQ(siphash(key, {}), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(siphash(key, word), 0x93f5f5799a932462u);
}

TEST(tcp_option, reads_what_it_wrote) {
  tcp_options o;
  o.mss = 1460;
  o.has_wscale = o.sack_permitted = o.has_ts = true;
  o.wscale = 7;
  o.tsval = 0x01020304;
  o.tsecr = 0xfffefdfc;
  uint8_t wire[TCP_MAXOLEN];
  uint32_t len = tcp_write_options(o, wire);
  EXPECT_EQ(len, 20u);
  tcp_options back = tcp_read_options({wire, len}, true);
  EXPECT_EQ(back.mss, 1460);
  EXPECT_EQ(back.wscale, 7);
  EXPECT_TRUE(back.has_wscale && back.sack_permitted && back.has_ts);
  EXPECT_EQ(back.tsval, o.tsval);
  EXPECT_EQ(back.tsecr, o.tsecr);
  back = tcp_read_options({wire, len}, false);
  EXPECT_FALSE(back.has_wscale || back.sack_permitted || back.mss != 0);
  EXPECT_TRUE(back.has_ts);
}

TEST(tcp_option, leaves_out_the_sack_blocks_that_do_not_fit) {
  tcp_options o;
  o.has_ts = true;
  for (uint32_t i = 0; i < TCP_MAX_SACK; ++i) o.sack[o.sacks++] = {{i * 100}, {i * 100 + 50}};
  uint8_t wire[TCP_MAXOLEN];
  tcp_options back = tcp_read_options({wire, tcp_write_options(o, wire)}, false);
  ASSERT_EQ(back.sacks, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(back.sack[i], o.sack[i]);
}

TEST(tcp_option, stops_at_a_bad_length) {
  const uint8_t wire[] = {TCPOPT_NOP, 200, 1, TCPOPT_MAXSEG, 4, 1, 2};
  EXPECT_EQ(tcp_read_options(wire, true).mss, 0);
  const uint8_t beyond[] = {TCPOPT_MAXSEG, 8, 1, 2};
  EXPECT_EQ(tcp_read_options(beyond, true).mss, 0);
  const uint8_t unknown[] = {253, 3, 1, TCPOPT_MAXSEG, 4, 1, 2};
  EXPECT_EQ(tcp_read_options(unknown, true).mss, 0x102);
}

// RFC 7323, 2.2: a SYN's window is not scaled, every other one is.
TEST(tcp_options, a_peer_with_a_scaled_window_gets_more_than_64_kbytes) {
  EXPECT_EQ(after_accept("mss=1460 wscale=2", R"(user 0: setopt fd=1 option=sndbuf value=65535
peer 0 < . win=365
user 0: send fd=1 len=3000 flags=d
)"),
            R"(
0.000 user 0: setopt fd=1 option=sndbuf value=65535 = 0
0.000 > . 1(1460) ack 1 win 65535
0.000 user 0: send fd=1 len=3000 flags=d = 3000
)");
}

// RFC 7323, 1.3: an option goes into the SYN-ACK only if the SYN had it.
TEST(tcp_options, are_answered_as_they_were_offered) {
  EXPECT_EQ(conversation(R"(user 0: tcp_bind
peer 0 < S port=114 mss=1460 sackok=yes
peer 1 < S port=114 mss=1460 ts=yes
peer 2 < S port=114 mss=1460 wscale=3
peer 3 < S port=114
)"),
            R"(
0.000 user 0: tcp_bind = 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460 sackOK
0.000 > S. 0(0) ack 1 win 16384 mss 1460 TS val 0 ecr 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460 wscale 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
)");
}

// A full segment has room for the time stamp (RFC 6691), which every segment carries.
TEST(tcp_options, time_stamps_are_echoed_and_take_room) {
  EXPECT_EQ(after_accept("mss=1460 ts=yes", R"(+70ms
peer 0 < P. len=100
user 0: send fd=1 len=2000
)"),
            R"(
0.070 > . 1(1448) ack 101 win 65435 TS val 70 ecr 70
0.070 > P. 1449(552) ack 101 win 65435 TS val 70 ecr 70
0.070 user 0: send fd=1 len=2000 = 2000
)");
}

// RFC 7323, 5.3 and 3.2.
TEST(tcp_options, an_old_segment_is_dropped_and_one_without_time_stamp_too) {
  EXPECT_EQ(after_accept("mss=1460 ts=yes", R"(peer 0 < P. len=100 ts=old
peer 0 < P. seq=next-100 len=100 ts=no
peer 0 < P. seq=next-100 len=100
+200ms
)"),
            R"(
0.000 > . 1(0) ack 1 win 65535 TS val 0 ecr 0
0.200 > . 1(0) ack 101 win 65435 TS val 200 ecr 0
)");
}

// RFC 7323, 5.2: a reset is not subject to PAWS.
TEST(tcp_options, a_reset_needs_no_time_stamp) {
  EXPECT_EQ(after_accept("mss=1460 ts=yes", R"(peer 0 < R. ts=old
user 0: recv fd=1
)"),
            R"(
0.000 user 0: recv fd=1 = ECONNRESET
)");
}

// A keepalive carries a time stamp as every segment does, or the peer would drop it.
TEST(tcp_options, keepalive_has_a_time_stamp) {
  EXPECT_EQ(after_accept("mss=1460 ts=yes", R"(user 0: setopt fd=1 option=keepalive
+7201000ms
)"),
            R"(
0.000 user 0: setopt fd=1 option=keepalive = 0
7200.000 > . 0(0) ack 1 win 65535 TS val 7200000 ecr 0
)");
}

// RFC 2018, section 4: the block that came last is first; RFC 2883: a duplicate comes before it.
TEST(tcp_options, sack_reports_what_is_out_of_order) {
  EXPECT_EQ(after_accept("mss=1460 sackok=yes", R"(peer 0 < P. seq=next+1000 len=1000
peer 0 < P. seq=next+3000 len=1000
peer 0 < P. seq=next+5000 len=1000
peer 0 < P. seq=next+3000 len=500
peer 0 < P. seq=next+2000 len=1000
peer 0 < P. len=1000
peer 0 < P. seq=next-500 len=500
)"),
            R"(
0.000 > . 1(0) ack 1 win 65535 sack 1001:2001
0.000 > . 1(0) ack 1 win 65535 sack 3001:4001 sack 1001:2001
0.000 > . 1(0) ack 1 win 65535 sack 5001:6001 sack 3001:4001 sack 1001:2001
0.000 > . 1(0) ack 1 win 65535 sack 3001:3501 sack 3001:4001 sack 5001:6001 sack 1001:2001
0.000 > . 1(0) ack 1 win 65535 sack 1001:4001 sack 5001:6001
0.000 > . 1(0) ack 4001 win 61535 sack 5001:6001
0.000 > . 1(0) ack 4001 win 61535 sack 501:1001 sack 5001:6001
)");
}

// RFC 6675: the hole goes out again on the third report, other holes as the pipe has room.
TEST(tcp_options, reported_holes_are_filled) {
  EXPECT_EQ(after_accept("mss=1000 sackok=yes", R"(user 0: send fd=1 len=10000
peer 0 < . ack=una sack=max-9000 sacklen=1000
peer 0 < . ack=una sack=max-9000 sacklen=2000
peer 0 < . ack=una sack=max-9000 sacklen=3000
peer 0 < . ack=una sack=max-5000 sacklen=1000
peer 0 < . ack=una sack=max-5000 sacklen=2000
peer 0 < . ack=una sack=max-5000 sacklen=4000
peer 0 < . ack=max
)"),
            R"(
0.000 > . 1(1000) ack 1 win 65535
0.000 > . 1001(1000) ack 1 win 65535
0.000 > . 2001(1000) ack 1 win 65535
0.000 > . 3001(1000) ack 1 win 65535
0.000 > . 4001(1000) ack 1 win 65535
0.000 > . 5001(1000) ack 1 win 65535
0.000 > . 6001(1000) ack 1 win 65535
0.000 > . 7001(1000) ack 1 win 65535
0.000 > . 8001(1000) ack 1 win 65535
0.000 > P. 9001(1000) ack 1 win 65535
0.000 user 0: send fd=1 len=10000 = 10000
0.000 > . 1(1000) ack 1 win 65535
0.000 > . 4001(1000) ack 1 win 65535
0.000 > P. 9001(1000) ack 1 win 65535
)");
}

// After a time-out everything is sent again but what the peer reports anew.
TEST(tcp_options, reported_bytes_are_skipped_after_a_timeout) {
  EXPECT_EQ(after_accept("mss=1000 sackok=yes", R"(user 0: send fd=1 len=6000
peer 0 < . ack=una sack=max-5000 sacklen=1000
+1100ms
peer 0 < . ack=una+2000 sack=max-3000 sacklen=1000
peer 0 < . ack=una+2000
)"),
            R"(
0.000 > . 1(1000) ack 1 win 65535
0.000 > . 1001(1000) ack 1 win 65535
0.000 > . 2001(1000) ack 1 win 65535
0.000 > . 3001(1000) ack 1 win 65535
0.000 > . 4001(1000) ack 1 win 65535
0.000 > P. 5001(1000) ack 1 win 65535
0.000 user 0: send fd=1 len=6000 = 6000
1.000 > . 1(1000) ack 1 win 65535
1.100 > . 2001(1000) ack 1 win 65535
1.100 > . 4001(1000) ack 1 win 65535
1.100 > P. 5001(1000) ack 1 win 65535
)");
}

// Blocks below SND.UNA, beyond SND.MAX, backward: not believed.
TEST(tcp_options, lies_are_not_believed) {
  EXPECT_EQ(after_accept("mss=1000 sackok=yes", R"(user 0: send fd=1 len=4000
peer 0 < . ack=una sack=max+1 sacklen=3000
peer 0 < . ack=una sack=all-5000 sacklen=2000
peer 0 < . ack=una sack=max-1000 sacklen=2000
peer 0 < . ack=una sack=max-1000 sacklen=0
)"),
            R"(
0.000 > . 1(1000) ack 1 win 65535
0.000 > . 1001(1000) ack 1 win 65535
0.000 > . 2001(1000) ack 1 win 65535
0.000 > P. 3001(1000) ack 1 win 65535
0.000 user 0: send fd=1 len=4000 = 4000
)");
}

// RFC 3042: each of the first two duplicate ACKs lets one segment of new data go.
TEST(tcp_options, limited_transmit) {
  EXPECT_EQ(after_accept("mss=1000", R"(user 0: send fd=1 len=14000
peer 0 < . ack=una
peer 0 < . ack=una
peer 0 < . ack=una
)"),
            R"(
0.000 > . 1(1000) ack 1 win 65535
0.000 > . 1001(1000) ack 1 win 65535
0.000 > . 2001(1000) ack 1 win 65535
0.000 > . 3001(1000) ack 1 win 65535
0.000 > . 4001(1000) ack 1 win 65535
0.000 > . 5001(1000) ack 1 win 65535
0.000 > . 6001(1000) ack 1 win 65535
0.000 > . 7001(1000) ack 1 win 65535
0.000 > . 8001(1000) ack 1 win 65535
0.000 > . 9001(1000) ack 1 win 65535
0.000 user 0: send fd=1 len=14000 = 14000
0.000 > . 10001(1000) ack 1 win 65535
0.000 > . 11001(1000) ack 1 win 65535
0.000 > . 1(1000) ack 1 win 65535
)");
}

// RFC 6191: a later time stamp reopens, although the sequence number is lower.
TEST(tcp_options, a_later_time_stamp_ends_time_wait) {
  EXPECT_EQ(after_accept("mss=1460 ts=yes", R"(user 0: close fd=1
peer 0 < F.
+100ms
peer 0 < S seq=iss-1000 ts=yes mss=1460
peer 0 < S seq=iss-1000 ts=old mss=1460
)"),
            R"(
0.000 > F. 1(0) ack 1 win 65535 TS val 0 ecr 0
0.000 user 0: close fd=1 = 0
0.000 > . 2(0) ack 2 win 65535 TS val 0 ecr 0
0.100 > S. 0(0) ack 1 win 65535 mss 1460 TS val 100 ecr 100
0.100 > S. 0(0) ack 1001 win 65535 mss 1460 TS val 100 ecr 100
)");
}

// RFC 9293, 3.10.7.4: the answer to a SYN was lost, and is given again.
TEST(tcp_options, a_repeated_syn_is_answered_again) {
  EXPECT_EQ(conversation(R"(user 0: tcp_bind
peer 0 < S port=114 mss=1000
peer 0 < S seq=iss mss=1000
)"),
            R"(
0.000 user 0: tcp_bind = 0
0.000 > S. 0(0) ack 1 win 16384 mss 1460
0.000 > S. 0(0) ack 1 win 16384 mss 1460
)");
}

// RFC 5681, 3.1: after a lost SYN the initial window is one segment.
TEST(tcp_options, a_lost_syn_means_one_segment) {
  EXPECT_EQ(conversation(R"(user 0: tcp_connect port=80
+1100ms
peer 0 < S. mss=1000
user 0: send len=5000
)"),
            R"(
0.000 > S 0(0) win 16384 mss 1460 sackOK wscale 0 TS val 0 ecr 0
1.000 > S 0(0) win 16384 mss 1460 sackOK wscale 0 TS val 1000 ecr 0
1.100 > . 1(0) ack 1 win 16384
1.100 user 0: tcp_connect = 0
1.100 > . 1(1000) ack 1 win 16384
1.100 user 0: send len=5000 = 5000
)");
}

}  // namespace

}  // namespace kyu::fuzz
