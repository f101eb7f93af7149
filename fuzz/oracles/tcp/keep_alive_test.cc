// When a silent peer is asked whether it is there, and when not.
#include "oracles/tcp/keep_alive.h"

#include "run/child.h"
#include "socket/socketvar.h"
#include "socket/sockopt.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

constexpr uint64_t second = 1000;  // ms
constexpr const char *unasked = "protocol:a keep-alive that nobody has asked for";
constexpr const char *too_early = "protocol:a keep-alive before its time";
constexpr const char *missing = "protocol:a silent peer is not asked whether it is there";
constexpr const char *no_end = "protocol:a peer that answers nothing keeps its connection";

// Its peer has said something at the beginning, and nothing since.
struct connection {
  void set(uint16_t option, uint32_t value, bool own = true) {
    all.call_begins(option, value);
    if (own) it.call_returns(option, value, now);
  }
  // Ten seconds, and then every three.
  void wants_it() {
    set(SO_KEEPALIVE, 1);
    set(TCP_KEEPIDLE, 10);
    set(TCP_KEEPINTVL, 3);
  }
  keep_alive::terms terms() const {
    return {.now = now,
            .made = now - waited,
            .heard = 0,
            .surely_heard = 0,
            .wish = all,
            .outstanding = outstanding};
  }
  // It may have waited for ARP so long.
  void probe_at(uint64_t at, uint64_t ms = 0) {
    now = at;
    waited = ms;
    it.leaves(terms());
  }
  void look_at(uint64_t at) {
    now = at;
    it.expect_probes(terms());
  }

  keep_alive_wish all;
  keep_alive it;
  uint64_t now = 0, waited = 0;
  bool outstanding = false;
};

constexpr auto &found = signature_with<connection>;

TEST(keep_alive, nobody_is_asked_whose_user_does_not_want_it) {
  EXPECT_EQ(found([](connection &c) { c.probe_at(8000 * second); }), unasked);
  EXPECT_EQ(found([](connection &c) {
              c.set(SO_KEEPALIVE, 0);
              c.probe_at(8000 * second);
            }),
            unasked);
  EXPECT_EQ(found([](connection &c) { c.look_at(8000 * second); }), "");
}

TEST(keep_alive, who_has_spoken_is_not_asked_before_its_time) {
  auto probes_at = [](uint64_t first, uint64_t next, uint64_t waited = 0) {
    return found([=](connection &c) {
      c.wants_it();
      c.probe_at(first, waited);
      c.probe_at(next);
    });
  };
  EXPECT_EQ(probes_at(10 * second, 13 * second), "");
  EXPECT_EQ(probes_at(10 * second - 1, 13 * second), too_early);
  EXPECT_EQ(probes_at(10 * second, 13 * second - 1), too_early);
  EXPECT_EQ(probes_at(11 * second, 13 * second, second), "");
}

TEST(keep_alive, nobody_is_asked_while_data_is_on_its_way) {
  EXPECT_NE(found([](connection &c) {
              c.wants_it();
              c.outstanding = true;
              c.probe_at(10 * second);
            }),
            "");
  EXPECT_EQ(found([](connection &c) {
              c.wants_it();
              c.outstanding = true;
              c.look_at(100 * second);
            }),
            "");
}

TEST(keep_alive, a_silent_peer_is_asked_in_time) {
  EXPECT_EQ(found([](connection &c) {
              c.wants_it();
              c.look_at(12 * second);
            }),
            "");
  EXPECT_EQ(found([](connection &c) {
              c.wants_it();
              c.look_at(12 * second + 1);
            }),
            missing);
  EXPECT_EQ(found([](connection &c) {
              c.wants_it();
              c.probe_at(10 * second);
              c.look_at(15 * second + 1);
            }),
            missing);
}

TEST(keep_alive, what_others_may_have_set_is_not_known) {
  EXPECT_EQ(found([](connection &c) {
              c.wants_it();
              c.set(TCP_KEEPIDLE, 20, false);
              c.look_at(15 * second);
            }),
            "");
  EXPECT_EQ(found([](connection &c) {
              c.wants_it();
              c.it.lose_sight();
              c.look_at(15 * second);
            }),
            "");
}

TEST(keep_alive, has_an_end) {
  auto probes = [](uint64_t count) {
    return found([=](connection &c) {
      c.wants_it();
      for (uint64_t n = 0; n < count; ++n) c.probe_at((10 + 3 * n) * second);
      c.look_at(c.now + second);
    });
  };
  EXPECT_EQ(probes(8), "");
  EXPECT_EQ(probes(12), no_end);
}

}  // namespace

}  // namespace kyu::fuzz
