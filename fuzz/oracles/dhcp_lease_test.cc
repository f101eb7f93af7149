// When a DHCP client asks for more time, and whom.
#include "oracles/dhcp_lease.h"

#include "run/child.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

constexpr uint64_t second = 1000, minute = 60 * second;  // ms
constexpr uint32_t everybody = 0xffffffff, server = 0x0a000002;
constexpr const char *too_early = "protocol:a DHCP client asks for more time before its turn";
constexpr const char *too_late = "protocol:a DHCP client lets its lease run out";
constexpr const char *wrong_server =
    "protocol:a DHCP client asks another than the server of its lease for more time";
constexpr const char *gives_up = "protocol:a DHCP client no longer asks";

// Of an hour, unless the server says more: T1 is after 30 minutes, T2 after 52.5.
struct client {
  client() { begins({}); }
  void begins(dhcp_message m) {
    m.server = server;
    m.lease = 3600;
    lease.begins(m, 0);
  }
  dhcp_lease lease;
};

constexpr auto &found = signature_with<client>;

std::string asked_at(uint64_t ms, uint32_t whom) {
  return found([=](client &c) { c.lease.asks(ms, whom); });
}

std::string looked_at(uint64_t ms, void (*before)(dhcp_lease &) = [](dhcp_lease &) {}) {
  return found([=](client &c) {
    before(c.lease);
    c.lease.expect_asked(ms);
  });
}

TEST(dhcp_lease, its_server_is_asked_from_half_of_it_on) {
  EXPECT_EQ(asked_at(20 * minute, server), too_early);
  EXPECT_EQ(asked_at(29 * minute, server), "");
  EXPECT_EQ(asked_at(52 * minute, server), "");
  EXPECT_EQ(asked_at(30 * minute, server + 1), wrong_server);
  EXPECT_EQ(asked_at(57 * minute, server), wrong_server);
}

TEST(dhcp_lease, all_are_asked_from_seven_eighths_of_it_on) {
  EXPECT_EQ(asked_at(30 * minute, everybody), wrong_server);
  EXPECT_EQ(asked_at(53 * minute, everybody), "");
}

TEST(dhcp_lease, nobody_is_forgotten) {
  EXPECT_EQ(looked_at(30 * minute), "");
  EXPECT_EQ(looked_at(34 * minute), too_late);
  auto server_asked = [](dhcp_lease &l) { l.asks(30 * minute, server); };
  EXPECT_EQ(looked_at(52 * minute, server_asked), "");
  EXPECT_EQ(looked_at(56 * minute, server_asked), too_late);
  auto all_asked = [](dhcp_lease &l) { l.asks(53 * minute, everybody); };
  EXPECT_EQ(looked_at(60 * minute, all_asked), "");
  EXPECT_EQ(looked_at(61 * minute, all_asked), gives_up);
}

TEST(dhcp_lease, who_has_no_address_of_the_link_cannot_be_asked) {
  auto searches = [](dhcp_lease &l) { l.link_asked(30 * minute); };
  EXPECT_EQ(looked_at(40 * minute, searches), "");
  EXPECT_EQ(looked_at(56 * minute, searches), too_late);
  EXPECT_EQ(looked_at(34 * minute, [](dhcp_lease &l) { l.link_asked(minute); }), too_late);
}

TEST(dhcp_lease, the_server_says_when_if_it_makes_sense) {
  auto with = [](uint32_t t1, uint32_t t2, uint64_t ms) {
    return found([=](client &c) {
      dhcp_message m;
      m.t1 = t1;
      m.t2 = t2;
      c.begins(m);
      c.lease.asks(ms, server);
    });
  };
  EXPECT_EQ(with(600, 1200, 10 * minute), "");
  EXPECT_EQ(with(600, 1200, 5 * minute), too_early);
  EXPECT_EQ(with(600, 1200, 25 * minute), wrong_server);
  EXPECT_EQ(with(1200, 600, 5 * minute), "");
}

TEST(dhcp_lease, nothing_is_said_of_one_that_is_doubtful_or_without_end) {
  EXPECT_EQ(looked_at(100 * minute, [](dhcp_lease &l) { l.doubt(); }), "");
  auto for_ever = [](dhcp_lease &l) {
    dhcp_message m;
    m.server = server;
    m.lease = UINT32_MAX;
    l.begins(m, 0);
  };
  EXPECT_EQ(looked_at(1'000'000 * minute, for_ever), "");
  auto of_the_server_itself = [](dhcp_lease &l) {
    dhcp_message m;
    m.server = m.yiaddr = server;
    m.lease = 3600;
    l.begins(m, 0);
  };
  EXPECT_EQ(looked_at(100 * minute, of_the_server_itself), "");
}

}  // namespace

}  // namespace kyu::fuzz
