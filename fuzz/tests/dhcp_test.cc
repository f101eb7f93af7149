// The DHCP client: its messages, and its way through the states of RFC 2131.
#include "kyu/dhcp.h"

#include "tests/conversation.h"
#include "world/dhcp_answers.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kyu::fuzz {

namespace {

constexpr ether_addr mac{{2, 0, 0, 0, 0, 1}};
constexpr uint32_t own = 0x0a000002, lent = 0x0a000001;

std::vector<uint8_t> answer(dhcp_kind kind, dhcp_type asked = dhcp_type::request) {
  uint8_t question[dhcp_max_message];
  uint32_t len = dhcp_write({.type = asked, .xid = 7, .mac = mac}, question);
  EXPECT_GE(len, 300u);
  return answer_dhcp(kind, {question, len}, lent, own);
}

bool lends(dhcp_kind kind, dhcp_lease *lease) {
  dhcp_answer a;
  return dhcp_read(answer(kind), 7, mac, &a) && dhcp_lease_from(a, 1000, lease);
}

TEST(dhcp, an_answer_says_what_is_lent) {
  for (dhcp_kind kind : {dhcp_kind::right, dhcp_kind::overload, dhcp_kind::overload_twice}) {
    dhcp_lease l;
    ASSERT_TRUE(lends(kind, &l)) << int(kind);
    EXPECT_EQ(l.config.addr, lent);
    EXPECT_EQ(l.config.mask, 0xffffff00u);
    EXPECT_EQ(l.config.gateway, own);
    EXPECT_EQ(l.server, own);
    EXPECT_EQ(l.dns, own);
    EXPECT_EQ(l.renew_at, 1000u + 1800 * 1000);
    EXPECT_EQ(l.rebind_at, 1000u + 3150 * 1000);
    EXPECT_EQ(l.expires_at, 1000u + 3600 * 1000);
  }
}

TEST(dhcp, times_that_make_no_sense_are_our_own) {
  dhcp_lease l;
  ASSERT_TRUE(lends(dhcp_kind::odd_times, &l));
  EXPECT_EQ(l.renew_at, 1000u + 3500 * 1000);
  EXPECT_EQ(l.rebind_at, 1000u + 6125 * 1000);
  ASSERT_TRUE(lends(dhcp_kind::forever, &l));
  EXPECT_EQ(l.renew_at, UINT64_MAX);
  EXPECT_EQ(l.expires_at, UINT64_MAX);
}

TEST(dhcp, what_no_host_can_have_is_not_lent) {
  dhcp_lease l;
  for (dhcp_kind kind :
       {dhcp_kind::no_address, dhcp_kind::no_lease, dhcp_kind::no_server, dhcp_kind::bad_mask})
    EXPECT_FALSE(lends(kind, &l)) << int(kind);
  ASSERT_TRUE(lends(dhcp_kind::off_link, &l));
  EXPECT_EQ(l.config.gateway, 0u) << "a gateway that cannot be reached is none";
  dhcp_answer a{.type = dhcp_type::ack, .addr = lent, .server = own, .mask = 0xffffff00, .lease_s = 60};
  EXPECT_TRUE(dhcp_lease_from(a, 0, &l));
  for (uint32_t addr : {0x0a000000u, 0x0a0000ffu, 0x7f000001u, 0xe0000001u, 0xf0000001u, 0x00000001u}) {
    a.addr = addr;
    EXPECT_FALSE(dhcp_lease_from(a, 0, &l)) << addr;
  }
  ASSERT_TRUE(lends(dhcp_kind::no_mask, &l));
  EXPECT_EQ(l.config.mask, 0xff000000u) << "without a mask the address's class has one";
  a.addr = 0xac100101;
  a.mask = 0;
  ASSERT_TRUE(dhcp_lease_from(a, 0, &l));
  EXPECT_EQ(l.config.mask, 0xffff0000u);
}

TEST(dhcp, what_is_for_others_is_not_read) {
  dhcp_answer a;
  EXPECT_FALSE(dhcp_read(answer(dhcp_kind::other_id), 7, mac, &a));
  EXPECT_FALSE(dhcp_read(answer(dhcp_kind::other_client), 7, mac, &a));
  uint8_t question[dhcp_max_message];
  uint32_t len = dhcp_write({.xid = 7, .mac = mac}, question);
  EXPECT_FALSE(dhcp_read({question, len}, 7, mac, &a)) << "our own";
}

// However a message is damaged, reading it ends and stays inside.
TEST(dhcp, every_prefix_and_every_flipped_bit_is_read_to_an_end) {
  dhcp_answer a;
  for (dhcp_kind kind : {dhcp_kind::right, dhcp_kind::overload_twice, dhcp_kind::cut_off}) {
    std::vector<uint8_t> m = answer(kind);
    for (size_t len = 0; len < m.size(); ++len) {
      std::vector<uint8_t> exact(m.begin(), m.begin() + long(len));  // so that a sanitizer sees its end
      (void)dhcp_read(exact, 7, mac, &a);
    }
    for (size_t bit = 0; bit < m.size() * 8; ++bit) {
      m[bit / 8] ^= uint8_t(1 << bit % 8);
      (void)dhcp_read(m, 7, mac, &a);
      m[bit / 8] ^= uint8_t(1 << bit % 8);
    }
  }
}

// --- the client

const std::string right = "peer 0 < udp dhcp=right\n", end = "user 1: shutdown how=rd\n";

TEST(dhcp, asks_takes_and_renews) {
  EXPECT_EQ(conversation("user 0: dhcp\n" + right + right + "+10000ms\n+1800000ms\n" + right +
                         "+1800000ms\n" + right + end),
            R"(
0.000 > udp 68>67 (300)
0.000 > udp 68>67 (300)
7.541 user 0: dhcp = 167772161
1800.000 > udp 68>67 (300)
3600.000 > udp 68>67 (300)
3610.000 user 1: shutdown how=rd = 0
3610.000 user 0: dhcp = 0
3610.000 user 0: dhcp = ENOTCONN
)");
}

TEST(dhcp, an_address_that_somebody_has_is_declined) {
  const std::string taken = "peer 0 < udp dhcp=taken\n";
  EXPECT_EQ(conversation("user 0: dhcp\n" + taken + taken + "+5000ms\n+10000ms\n" + right + right +
                         "+9000ms\n" + end),
            R"(
0.000 > udp 68>67 (300)
0.000 > udp 68>67 (300)
0.431 > udp 68>67 (300)
10.431 > udp 68>67 (300)
14.635 > udp 68>67 (300)
15.000 > udp 68>67 (300)
21.510 user 0: dhcp = 167772161
24.000 user 1: shutdown how=rd = 0
24.000 user 0: dhcp = 0
24.000 user 0: dhcp = ENOTCONN
)");
}

TEST(dhcp, rebinds_by_broadcast_and_gives_the_address_up_in_the_end) {
  EXPECT_EQ(
      conversation("user 0: dhcp\n" + right + right + "+7000ms\npeer 0 react how=silent\n+3640000ms\n" + end),
      R"(
0.000 > udp 68>67 (300)
0.000 > udp 68>67 (300)
7.541 user 0: dhcp = 167772161
3150.000 > udp 68>67 (300)
3375.000 > udp 68>67 (300)
3487.500 > udp 68>67 (300)
3547.500 > udp 68>67 (300)
3600.000 user 0: dhcp = 0
3610.000 > udp 68>67 (300)
3613.951 > udp 68>67 (300)
3621.143 > udp 68>67 (300)
3637.517 > udp 68>67 (300)
3647.000 user 1: shutdown how=rd = 0
3647.000 user 0: dhcp = ENOTCONN
)");
}

TEST(dhcp, a_refusal_begins_anew_after_a_pause) {
  EXPECT_EQ(conversation("user 0: dhcp\n" + right + "peer 0 < udp dhcp=nak\n+11000ms\n" + end), R"(
0.000 > udp 68>67 (300)
0.000 > udp 68>67 (300)
10.000 > udp 68>67 (300)
11.000 user 1: shutdown how=rd = 0
11.000 user 0: dhcp = ENOTCONN
)");
}

// Another thread may close any descriptor, and something else may then have its number.
TEST(dhcp, a_descriptor_that_became_another_ends_it) {
  EXPECT_EQ(conversation("user 0: dhcp\n" + right + right + "user 1: close fd=0\nuser 1: server\n+20000ms\n"),
            R"(
0.000 > udp 68>67 (300)
0.000 > udp 68>67 (300)
0.000 user 1: close = 0
0.000 user 1: server = 0
7.541 user 0: dhcp = 167772161
7.541 user 0: dhcp = 0
7.541 user 0: dhcp = EINVAL
)");
}

TEST(dhcp, a_socket_that_no_longer_waits_does_not_make_it_spin) {
  EXPECT_EQ(conversation("user 0: dhcp\nuser 1: setopt fd=0 option=nonblock\n" + right + "+1000ms\n" + end),
            R"(
0.000 > udp 68>67 (300)
0.000 user 1: setopt option=nonblock = 0
0.000 > udp 68>67 (300)
1.000 user 1: shutdown how=rd = 0
1.000 user 0: dhcp = ENOTCONN
)");
}

// While it has no address, a connection that had one sends nothing.
TEST(dhcp, nothing_leaves_under_an_address_that_is_gone) {
  EXPECT_EQ(conversation("user 1: tcp_connect\nuser 0: dhcp\n+3000ms\n"), R"(
0.000 > S 0(0) win 16384 mss 1460 sackOK wscale 0 TS val 0 ecr 0
0.000 > udp 68>67 (300)
)");
}

TEST(dhcp, what_is_no_offer_does_not_end_the_wait) {
  for (const char *how :
       {"other-id", "other-client", "no-server", "no-address", "no-lease", "bad-mask", "nak", "ack"}) {
    std::string said = conversation("user 0: dhcp\npeer 0 < udp dhcp=" + std::string(how) + "\n" + end);
    EXPECT_EQ(said.find("0.000 > udp 68>67 (300)"), said.rfind("0.000 > udp 68>67 (300)")) << how << said;
  }
}

}  // namespace

}  // namespace kyu::fuzz
