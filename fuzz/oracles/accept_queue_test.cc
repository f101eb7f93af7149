// Who waits for accept(), and who is first.
#include "oracles/accept_queue.h"

#include "run/child.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

constexpr const char *jumps = "protocol:a later connection is accepted first";

constexpr auto &found = signature_with<accept_queue>;

tcp_flow::name of(uint32_t host, uint16_t our_port = 80) { return {1, host, our_port, 4000}; }

TEST(accept_queue, who_came_first_is_accepted_first) {
  auto accepts = [](std::initializer_list<uint32_t> hosts) {
    return found([&](accept_queue &q) {
      for (uint32_t host : {2u, 3u, 4u}) q.completed(of(host));
      for (uint32_t host : hosts) q.accepted(host, 4000);
    });
  };
  EXPECT_EQ(accepts({2, 3, 4}), "");
  EXPECT_EQ(accepts({3}), jumps);
  EXPECT_EQ(accepts({2, 4}), jumps);
}

TEST(accept_queue, each_port_has_its_own) {
  EXPECT_EQ(found([](accept_queue &q) {
              q.completed(of(2, 80));
              q.completed(of(3, 81));
              q.accepted(3, 4000);
            }),
            "");
}

TEST(accept_queue, who_may_be_over_is_not_waited_for) {
  accept_queue q;
  q.completed(of(2));
  EXPECT_TRUE(q.some_wait(80));
  EXPECT_FALSE(q.some_wait(81));
  q.may_be_over(of(2));
  EXPECT_FALSE(q.some_wait(80));
  q.completed(of(3));
  q.forget();
  EXPECT_FALSE(q.some_wait(80));
}

TEST(accept_queue, of_more_than_it_holds_nothing_is_said) {
  EXPECT_EQ(found([](accept_queue &q) {
              for (uint32_t host = 2; host < 40; ++host) q.completed(of(host));
              q.accepted(39, 4000);
              for (uint32_t host = 2; host < 18; ++host) q.accepted(host, 4000);
            }),
            "");
}

}  // namespace

}  // namespace kyu::fuzz
