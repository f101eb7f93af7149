// What a TFTP client has to say and to get, told of each datagram and call.
#include "oracles/tftp_rules.h"

#include "run/child.h"

#include <gtest/gtest.h>

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
  void asks() { rules.leaves(datagram(bytes_of{0, 1, 'x', 0}, true, 69)); }
  void block(uint8_t number, size_t len) {
    bytes_of m{0, 3, 0, number};
    m.resize(4 + len, 'f');
    rules.arrives(datagram(m, false), true);
  }
  void ack(uint8_t number) { rules.leaves(datagram(bytes_of{0, 4, 0, number}, true)); }

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

}  // namespace

}  // namespace kyu::fuzz
