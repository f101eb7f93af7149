// ARP as conversations: addresses are probed before they are used, and held on to (RFC 5227).
#include "tests/conversation.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

// conversation() leaves ARP out, since every one begins with it; these are about nothing else.
std::string results(const std::string &script) { return conversation(script); }

// Three probes and the wait after them take four to eight seconds.
TEST(arp_probe, a_free_address_is_taken) {
  std::string said = results("user 0: ifaddr host=50\n+12000ms\n");
  EXPECT_NE(said.find("user 0: ifaddr = 0"), std::string::npos) << said;
}

TEST(arp_probe, an_address_that_somebody_has_is_not) {
  EXPECT_EQ(results("user 0: ifaddr host=50\n+1500ms\npeer 0 < arp kind=claim host=50\n"),
            "\n1.500 user 0: ifaddr = EADDRINUSE\n");
}

// Two hosts probe for the same address at once: both let it be.
TEST(arp_probe, an_address_that_somebody_else_probes_is_not) {
  EXPECT_EQ(results("user 0: ifaddr host=50\n+1500ms\npeer 0 < arp kind=probe host=50\n"),
            "\n1.500 user 0: ifaddr = EADDRINUSE\n");
}

TEST(arp_probe, somebody_elses_address_is_no_matter) {
  std::string said = results("user 0: ifaddr host=50\n+1500ms\npeer 0 < arp kind=claim host=51\n+12000ms\n");
  EXPECT_NE(said.find("user 0: ifaddr = 0"), std::string::npos) << said;
}

TEST(arp_probe, one_at_a_time) {
  EXPECT_EQ(results("user 0: ifaddr host=50\nuser 1: ifaddr host=51\n"),
            "\n0.000 user 1: ifaddr host=51 = EALREADY\n");
}

TEST(arp_probe, no_network_and_no_broadcast_address) {
  EXPECT_EQ(results("user 0: ifaddr host=0\nuser 0: ifaddr host=255\n"),
            "\n0.000 user 0: ifaddr host=0 = EINVAL\n0.000 user 0: ifaddr host=255 = EINVAL\n");
}

// Connections to the new address are served, and the old one is no longer ours.
TEST(arp_probe, the_new_address_answers) {
  std::string said = results("user 0: ifaddr host=50\n+12000ms\npeer 0 < icmp len=8\n");
  EXPECT_EQ(said.find("icmp"), std::string::npos) << said;
}

}  // namespace

}  // namespace kyu::fuzz
