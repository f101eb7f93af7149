// What has to be said by ICMP, asked with packets that a peer builds.
#include "oracles/icmp_rules.h"

#include "run/child.h"
#include "world/packet.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace kyu::fuzz {

namespace {

const route in{{{2, 0, 0, 0, 1, 0}}, {{2, 0, 0, 0, 0, 1}}, 0x0a000002, 0x0a000001};
const route out{in.to_mac, in.from_mac, in.to, in.from};

wire_frame read(const frame &f) {
  wire_frame w;
  read_frame(f.view(), w);
  return w;
}

frame echo_request() {
  frame f;
  build_icmp_echo(f, in, 0, 20);
  return f;
}

frame datagram(uint16_t port = 9) {
  frame f;
  build_udp(f, in, 1000, port, 0, 20);
  return f;
}

frame error_about(const frame &f, uint8_t type, uint8_t code) {
  frame e;
  build_icmp_error(e, out, type, code, 0, f.view().subspan(eth_len, 28));
  return e;
}

// What is found when a frame comes that has to be answered, and this leaves; null: nothing does.
std::string found(const frame &arrives, const frame *leaves) {
  return signature_of([&] {
    icmp_rules rules;
    rules.arrives(0, read(arrives), true);
    rules.must_answer(read(arrives), true);
    if (leaves != nullptr) rules.leaves(0, read(*leaves));
    rules.expect_answers();
  });
}

TEST(icmp_rules, a_request_is_answered) {
  EXPECT_NE(found(echo_request(), nullptr), "");
  frame other;
  build_icmp_echo(other, out, 1, 20);
  EXPECT_NE(found(echo_request(), &other), "");
}

TEST(icmp_rules, a_datagram_that_nobody_takes_is_told_of) {
  EXPECT_NE(found(datagram(), nullptr), "");
  frame port = error_about(datagram(), 3, 3), protocol = error_about(datagram(), 3, 2),
        of_another = error_about(datagram(10), 3, 3);
  EXPECT_EQ(found(datagram(), &port), "");
  EXPECT_NE(found(datagram(), &protocol), "");
  EXPECT_NE(found(datagram(), &of_another), "");
}

TEST(icmp_rules, many_in_a_second_need_no_answer) {
  EXPECT_EQ(signature_of([] {
              icmp_rules rules;
              for (int i = 0; i < 9; ++i) rules.arrives(0, read(datagram()), true);
              rules.must_answer(read(datagram()), true);
              rules.expect_answers();
            }),
            "");
}

}  // namespace

}  // namespace kyu::fuzz
