// How often a host speaks by ARP, what it defends, and whom it believes.
#include "oracles/arp_rules.h"

#include "run/child.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

constexpr uint32_t ours = 0x0a000001, somebody = 0x0a000002, off_link = 0x0b000002;
constexpr uint16_t request = 1, reply = 2;
constexpr const char *wrong = "protocol:an ARP packet that cannot be";
constexpr const char *endless = "protocol:an address is asked for without end";
constexpr const char *fight = "protocol:an address is defended again and again";
constexpr const char *undefended = "protocol:an address is not defended";
constexpr const char *unanswered = "protocol:a request for our address is not answered";
constexpr const char *believed = "protocol:a packet goes where somebody has told who was not asked";

struct host {
  host() { rules.begin(ours, our_link); }

  void leaves(uint32_t sender, uint32_t target) {
    wire_frame f;
    f.arp = {true, request, our_link, {}, sender, target};
    rules.leaves(now, f, true, false);
  }
  void asks(uint32_t target) { leaves(ours, target); }
  void announces() { leaves(ours, ours); }
  void comes(uint16_t op, uint32_t sender, uint32_t target) {
    wire_frame f;
    f.link_to = everybody;
    f.arp = {true, op, their_link, {}, sender, target};
    rules.arrives(now, f, true);
  }
  void sends_to(uint32_t addr) const {
    wire_frame f;
    f.to = addr;
    f.link_to = their_link;
    rules.judge_receiver(now, f);
  }

  arp_rules::link_address our_link{2, 0, 0, 0, 0, 1}, their_link{2, 0, 0, 0, 0, 2},
      everybody{255, 255, 255, 255, 255, 255};
  arp_rules rules;
  uint64_t now = 0;
};

constexpr auto &found = signature_with<host>;

TEST(arp_rules, only_who_is_on_the_link_is_asked_for) {
  EXPECT_EQ(found([](host &h) { h.asks(somebody); }), "");
  EXPECT_EQ(found([](host &h) { h.asks(off_link); }), wrong);
}

TEST(arp_rules, who_does_not_answer_is_not_asked_for_ever) {
  auto asked = [](int times, uint64_t apart) {
    return found([=](host &h) {
      for (int i = 0; i < times; ++i, h.now += apart) h.asks(somebody);
    });
  };
  EXPECT_EQ(asked(10, 1000), "");
  EXPECT_EQ(asked(11, 1000), endless);
  EXPECT_EQ(asked(30, 2001), "");
}

TEST(arp_rules, our_address_is_defended_but_not_again_and_again) {
  auto claimed_twice = [](uint64_t apart, bool first, bool second) {
    return found([=](host &h) {
      h.now = 1;
      for (bool defends : {first, second}) {
        h.comes(reply, ours, ours);
        if (defends) h.announces();
        h.rules.expect_reply();
        h.now += apart;
      }
    });
  };
  EXPECT_EQ(claimed_twice(20000, true, true), "");
  EXPECT_EQ(claimed_twice(20000, false, true), undefended);
  EXPECT_EQ(claimed_twice(20000, true, false), undefended);
  EXPECT_EQ(claimed_twice(9999, true, false), "");
  EXPECT_EQ(claimed_twice(9999, true, true), fight);
}

TEST(arp_rules, who_looks_whether_our_address_is_free_is_told) {
  auto looked_for = [](uint32_t addr) {
    return found([=](host &h) {
      h.comes(request, 0, addr);
      h.rules.expect_reply();
    });
  };
  EXPECT_EQ(looked_for(ours), unanswered);
  EXPECT_EQ(looked_for(somebody), "");
}

TEST(arp_rules, only_who_was_asked_or_asks_for_us_is_believed) {
  EXPECT_EQ(found([](host &h) {
              h.comes(request, somebody, somebody);
              h.sends_to(somebody);
            }),
            believed);
  EXPECT_EQ(found([](host &h) {
              h.comes(request, somebody, ours);
              h.sends_to(somebody);
            }),
            "");
  EXPECT_EQ(found([](host &h) {
              h.asks(somebody);
              h.comes(reply, somebody, ours);
              h.sends_to(somebody);
            }),
            "");
}

}  // namespace

}  // namespace kyu::fuzz
