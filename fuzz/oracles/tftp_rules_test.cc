// What a TFTP client has to say and to get, told of each datagram and call.
#include "oracles/tftp_rules.h"

#include "run/child.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace kyu::fuzz {

namespace {

constexpr uint32_t us = 0x0a000001, server = 0x0a000002;
constexpr uint16_t own = 5000, theirs = 32000;
using bytes_of = std::vector<uint8_t>;

wire_frame datagram(const_bytes content, bool to_server, uint16_t server_port = theirs) {
  wire_frame f;
  f.is = wire_frame::kind::udp;
  f.from = to_server ? us : server;
  f.to = to_server ? server : us;
  f.sport = to_server ? own : server_port;
  f.dport = to_server ? server_port : own;
  f.datagram = content;
  return f;
}

bytes_of file(size_t len) { return bytes_of(len, 'f'); }

// A client that has asked, and fetches.
class transfer {
 public:
  transfer() {
    rules.call_begins(server, 4096);
    asks();
  }
  void asks(uint64_t now = 0) { rules.leaves(datagram(bytes_of{0, 1, 'x', 0}, true, 69), now, true); }
  void block(uint8_t number, size_t len) {
    bytes_of m{0, 3, 0, number};
    m.resize(4 + len, 'f');
    rules.arrives(datagram(m, false), true);
  }
  void ack(uint8_t number, uint64_t now = 0) {
    rules.leaves(datagram(bytes_of{0, 4, 0, number}, true), now, true);
  }
  void error_in(uint16_t from) { rules.arrives(datagram(bytes_of{0, 5, 0, 0, 0}, false, from), true); }
  void error_out(uint16_t to) { rules.leaves(datagram(bytes_of{0, 5, 0, 5, 0}, true, to), 0, true); }
  void stranger() { rules.arrives(datagram(bytes_of{0, 3, 0, 2, 'x'}, false, theirs + 1), true); }

  tftp_rules rules;
};

constexpr auto &found = signature_with<transfer>;

// Of a file of two blocks, of which the user gets so much.
std::string fetched(size_t len, err e = err::ok) {
  return found([&](transfer &t) {
    t.block(1, 512);
    t.ack(1);
    t.block(2, 10);
    t.ack(2);
    t.rules.call_returns(e, file(len), true);
  });
}

TEST(tftp_rules, a_user_gets_the_file) {
  EXPECT_EQ(fetched(522), "");
  EXPECT_NE(fetched(512), "");
  EXPECT_NE(fetched(522, err::timedout), "");
  EXPECT_NE(found([](transfer &t) {
              t.block(1, 512);
              t.ack(1);
              t.rules.call_returns(err::ok, file(512), true);
            }),
            "");
}

TEST(tftp_rules, a_block_is_acknowledged_and_no_other) {
  EXPECT_NE(found([](transfer &t) {
              t.block(1, 512);
              t.rules.expect_answer();
            }),
            "");
  EXPECT_NE(found([](transfer &t) {
              t.block(1, 512);
              t.ack(2);
            }),
            "");
  EXPECT_EQ(found([](transfer &t) {
              t.block(1, 512);
              t.ack(1);
              t.block(1, 512);
              t.ack(1);
              t.rules.expect_answer();
            }),
            "");
}

TEST(tftp_rules, a_client_asks_more_than_once) {
  EXPECT_NE(found([](transfer &t) { t.rules.call_returns(err::timedout, {}, true); }), "");
  EXPECT_EQ(found([](transfer &t) {
              t.asks();
              t.rules.call_returns(err::timedout, {}, true);
            }),
            "");
}

// After a second, two, four; a block begins anew, and what comes between disturbs.
TEST(tftp_rules, each_wait_is_twice_as_long_as_the_last) {
  auto asked_at = [](uint64_t second, uint64_t third, bool disturbed = false) {
    return found([=](transfer &t) {
      t.asks(second);
      if (disturbed) t.stranger();
      t.asks(third);
    });
  };
  EXPECT_EQ(asked_at(1000, 3000), "");
  EXPECT_NE(asked_at(1000, 2999), "");
  EXPECT_EQ(asked_at(1000, 2999, true), "");
  EXPECT_EQ(found([](transfer &t) {
              t.asks(1000);
              t.block(1, 512);
              for (uint64_t now : {1000, 2000, 4000}) t.ack(1, now);
            }),
            "");
}

TEST(tftp_rules, a_stranger_is_told_and_an_error_is_not_answered) {
  auto behind_a_block = [](const std::function<void(transfer &)> &then) {
    return found([&](transfer &t) {
      t.block(1, 512);
      t.ack(1);
      then(t);
      t.rules.expect_answer();
    });
  };
  EXPECT_NE(behind_a_block([](transfer &t) { t.stranger(); }), "");
  EXPECT_EQ(behind_a_block([](transfer &t) {
              t.stranger();
              t.error_out(theirs + 1);
            }),
            "");
  EXPECT_EQ(behind_a_block([](transfer &t) { t.error_in(theirs + 1); }), "");
  EXPECT_NE(behind_a_block([](transfer &t) {
              t.error_in(theirs + 1);
              t.error_out(theirs + 1);
            }),
            "");
}

TEST(tftp_rules, a_refusal_ends_the_transfer) {
  EXPECT_NE(found([](transfer &t) {
              t.error_in(theirs);
              t.rules.expect_answer();
            }),
            "");
  auto returns = [](err e) {
    return found([=](transfer &t) {
      t.error_in(theirs);
      t.rules.call_returns(e, {}, true);
    });
  };
  EXPECT_EQ(returns(err::connrefused), "");
  EXPECT_NE(returns(err::timedout), "");
  EXPECT_NE(returns(err::ok), "");
}

}  // namespace

}  // namespace kyu::fuzz
