// When a DHCP client may speak, and what of.
#include "oracles/dhcp_rules.h"

#include "run/child.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace kyu::fuzz {

namespace {

constexpr uint64_t second = 1000;  // ms
constexpr const char *out_of_turn = "protocol:a DHCP message is sent again at another time than its turn";
constexpr const char *impatient = "protocol:a DHCP message is sent again too soon";
constexpr const char *untold = "protocol:a user is not told that its address is gone";
constexpr const char *not_leased = "protocol:an address is used that is not leased, or not any more";
constexpr std::array<uint8_t, 4> leased{10, 0, 0, 1};
constexpr std::array<uint8_t, 14> cookie_and_ack{0x63, 0x82, 0x53, 0x63, 53, 1, 5, 51, 4, 0, 0, 0, 60, 255};
constexpr const char *fields_wrong =
    "protocol:a DHCP message with what does not belong there, or without what does";
constexpr const char *gives_up = "protocol:a DHCP client no longer asks";

// A client that looks for a server, whom nobody answers.
struct client {
  client() { rules.client_begins(0); }

  void asks_at(uint64_t ms) {
    std::vector<uint8_t> d(300);
    d[0] = d[1] = 1;
    d[2] = 6;
    d[8] = uint8_t(ms / second >> 8);
    d[9] = uint8_t(ms / second + secs_too_many);
    d[10] = broadcast_flag;
    std::copy(link.begin(), link.end(), d.begin() + 28);
    constexpr std::array<uint8_t, 8> cookie_and_options{0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255};
    std::copy(cookie_and_options.begin(), cookie_and_options.end(), d.begin() + 236);
    wire_frame f;
    f.to = 0xffffffff;
    f.link_from = link;
    f.datagram = d;
    rules.leaves(ms, ms, f);
  }
  void asks_after(const std::vector<uint64_t> &seconds) {
    uint64_t now = 0;
    asks_at(now);
    for (uint64_t s : seconds) asks_at(now += s * second);
  }

  std::array<uint8_t, 6> link{2, 0, 0, 0, 0, 1};
  uint8_t broadcast_flag = 0x80;
  int secs_too_many = 0;
  dhcp_rules rules;
};

constexpr auto &found = signature_with<client>;

std::string asked_after(const std::vector<uint64_t> &seconds) {
  return found([&](client &c) { c.asks_after(seconds); });
}

TEST(dhcp_rules, each_wait_is_twice_the_last_up_to_a_minute) {
  EXPECT_EQ(asked_after({4, 8, 16, 32, 64, 64, 64}), "");
  EXPECT_EQ(asked_after({3, 9, 15, 33, 65, 63, 64}), "");
  EXPECT_EQ(asked_after({4, 4}), out_of_turn);
  EXPECT_EQ(asked_after({4, 12}), out_of_turn);
  EXPECT_EQ(asked_after({4, 8, 16, 32, 128}), out_of_turn);
  EXPECT_EQ(asked_after({2}), impatient);
}

TEST(dhcp_rules, who_waits_says_for_how_long) {
  auto says = [](int too_many) {
    return found([=](client &c) {
      c.asks_at(0);
      c.secs_too_many = too_many;
      c.asks_at(4 * second);
    });
  };
  EXPECT_EQ(says(0), "");
  EXPECT_EQ(says(1), "");
  EXPECT_EQ(says(-4), fields_wrong);
  EXPECT_EQ(says(2), fields_wrong);
}

TEST(dhcp_rules, who_has_no_address_wants_the_answer_for_everybody) {
  EXPECT_EQ(found([](client &c) {
              c.broadcast_flag = 0;
              c.asks_at(0);
            }),
            fields_wrong);
}

TEST(dhcp_rules, of_messages_that_nobody_has_seen_none_is_missed) {
  EXPECT_EQ(found([](client &c) {
              c.asks_at(0);
              c.rules.excuse();
              c.asks_at(12 * second);
            }),
            "");
}

TEST(dhcp_rules, a_user_is_told_before_another_address_is_looked_for) {
  auto told_then_asks = [](uint32_t last) {
    return found([=](client &c) {
      wire_frame ack;
      std::vector<uint8_t> d(300);
      d[0] = 2;
      std::copy(cookie_and_ack.begin(), cookie_and_ack.end(), d.begin() + 236);
      std::copy(leased.begin(), leased.end(), d.begin() + 16);
      ack.datagram = d;
      c.rules.arrives(0, ack, false);
      c.rules.tells_user(0, 0x0a000001, true);
      if (last == 0) c.rules.tells_user(0, 0, true);
      c.asks_at(100 * second);
    });
  };
  EXPECT_EQ(told_then_asks(0), "");
  EXPECT_EQ(told_then_asks(0x0a000001), untold);
  EXPECT_EQ(found([](client &c) { c.rules.tells_user(0, 0x0a000001, true); }), not_leased);
}

TEST(dhcp_rules, a_client_without_a_server_asks_on) {
  auto looked_at = [](uint64_t ms) {
    return found([=](client &c) {
      c.asks_at(0);
      c.rules.expect_progress(ms);
    });
  };
  EXPECT_EQ(looked_at(64 * second), "");
  EXPECT_EQ(looked_at(70 * second), gives_up);
  EXPECT_EQ(found([](client &c) { c.rules.expect_progress(0); }), gives_up);
}

}  // namespace

}  // namespace kyu::fuzz
