// The model of what waits for users of datagrams, told of each thing that it is for.
#include "oracles/inboxes.h"

#include "run/child.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace kyu::fuzz {

namespace {

constexpr int fd = 3;
constexpr uint16_t port = 53;
const std::vector<uint8_t> first{1, 2, 3}, second{4, 5};

// What is found when this happens to a socket that is bound, in a process that a finding may end.
std::string found(const std::function<void(inboxes &)> &body) {
  return signature_of([&] {
    inboxes boxes;
    boxes.bound(fd, port);
    body(boxes);
  });
}

TEST(inboxes, datagrams_are_received_in_order_and_once) {
  EXPECT_EQ(found([](inboxes &b) {
              b.arrives(port, first);
              b.arrives(port, second);
              b.received(fd, first, 100, true);
              b.received(fd, first, 100, false);
              b.received(fd, const_bytes(second).first(1), 1, false);
              b.found_empty(fd);
            }),
            "");
}

TEST(inboxes, what_arrived_has_to_be_received) {
  EXPECT_NE(found([](inboxes &b) {
              b.arrives(port, first);
              b.found_empty(fd);
            }),
            "");
  EXPECT_NE(found([](inboxes &b) {
              b.arrives(port, first);
              b.arrives(port, second);
              b.received(fd, second, 100, false);
            }),
            "");
  EXPECT_NE(found([](inboxes &b) { b.received(fd, first, 100, false); }), "");
  EXPECT_NE(found([](inboxes &b) {
              b.arrives(port, first);
              b.received(fd, const_bytes(first).first(2), 100, false);
            }),
            "");
}

TEST(inboxes, nothing_is_said_where_it_may_be_otherwise) {
  auto empty_after = [](const std::function<void(inboxes &)> &what) {
    return found([&](inboxes &b) {
      what(b);
      b.arrives(port, first);
      b.found_empty(fd);
    });
  };
  EXPECT_EQ(empty_after([](inboxes &b) { b.doubt(fd); }), "");
  EXPECT_EQ(empty_after([](inboxes &b) { b.doubt_all(); }), "");
  EXPECT_EQ(empty_after([](inboxes &b) { b.may_arrive(port); }), "");
  EXPECT_EQ(empty_after([](inboxes &b) { b.bound(fd + 1, port); }), "");
  EXPECT_EQ(empty_after([](inboxes &b) { b.closed(fd); }), "");
  EXPECT_EQ(empty_after([](inboxes &b) {
              const std::vector<uint8_t> large(5000);
              for (int i = 0; i < 2; ++i) b.arrives(port, large);
            }),
            "");
}

}  // namespace

}  // namespace kyu::fuzz
