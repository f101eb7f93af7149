// Where what leaves for a neighbour must go, by what that has told of itself.
#include "oracles/arp_claims.h"

#include "run/child.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

constexpr uint32_t somebody = 0x0a000002, another = 0x0a000003;
constexpr const char *misdirected =
    "protocol:a packet goes to an address of the link that its receiver has not told";
constexpr const char *outdated =
    "protocol:a packet goes to an address of the link that its receiver has left";

// Addresses of the link are told apart by their last byte; the first says if they are one host's.
struct network {
  void told(uint32_t addr, uint8_t link, bool surely = true, uint8_t first = 2) {
    std::array<uint8_t, 6> sender{first, 0, 0, 0, 0, link};
    wire_frame f;
    f.arp.of_ethernet = true;
    f.arp.sender = addr;
    f.arp.sender_link = sender;
    claims.arrives(now, f, surely);
  }
  void sent(uint32_t addr, uint8_t link, uint8_t first = 2) {
    std::array<uint8_t, 6> receiver{first, 0, 0, 0, 0, link};
    wire_frame f;
    f.to = addr;
    f.link_to = receiver;
    claims.leaves(now, f);
  }

  arp_claims claims;
  uint64_t now = 0;
};

constexpr auto &found = signature_with<network>;

TEST(arp_claims, nothing_goes_where_its_receiver_has_not_told_to_be) {
  EXPECT_EQ(found([](network &n) {
              n.told(somebody, 7);
              n.sent(somebody, 7);
            }),
            "");
  EXPECT_EQ(found([](network &n) {
              n.told(somebody, 7);
              n.told(another, 8);
              n.sent(somebody, 8);
            }),
            misdirected);
}

TEST(arp_claims, nobody_has_the_address_of_many) {
  EXPECT_EQ(found([](network &n) {
              n.told(somebody, 7);
              n.told(somebody, 8, false, 3);
              n.sent(somebody, 8, 3);
            }),
            misdirected);
}

TEST(arp_claims, who_moves_is_found_there) {
  auto moves = [](bool surely, uint8_t sent_to, uint64_t later) {
    return found([=](network &n) {
      n.told(somebody, 7);
      n.told(somebody, 8, surely);
      n.now += later;
      n.sent(somebody, sent_to);
    });
  };
  EXPECT_EQ(moves(true, 8, 1), "");
  EXPECT_EQ(moves(true, 7, 1), outdated);
  EXPECT_EQ(moves(true, 7, 0), "");
  EXPECT_EQ(moves(false, 7, 1), "");
}

TEST(arp_claims, who_has_come_back_is_found_where_it_was) {
  auto back = [](bool surely, uint8_t sent_to) {
    return found([=](network &n) {
      n.told(somebody, 7);
      n.told(somebody, 8);
      n.told(somebody, 7, surely);
      n.now += 1;
      n.sent(somebody, sent_to);
    });
  };
  EXPECT_EQ(back(true, 7), "");
  EXPECT_EQ(back(true, 8), outdated);
  EXPECT_EQ(back(false, 7), "");
  EXPECT_EQ(back(false, 8), "");
}

TEST(arp_claims, of_who_has_told_too_much_nothing_is_known) {
  EXPECT_EQ(found([](network &n) {
              for (uint8_t link = 0; link < 17; ++link) n.told(somebody, link);
              n.sent(somebody, 16);
            }),
            "");
}

}  // namespace

}  // namespace kyu::fuzz
