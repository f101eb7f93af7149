// The TFTP client as conversations.
#include "tests/conversation.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

std::string got(const std::string &answers) {
  std::string script = "user 0: tftp\n", said;
  std::string all = conversation(script + answers + "+40000ms\n");
  size_t at = all.find("user 0: tftp");
  return at == std::string::npos
             ? all
             : all.substr(all.rfind('\n', at) + 1, all.find('\n', at) - all.rfind('\n', at) - 1);
}

const std::string block = "peer 0 < udp tftp=block\n", last = "peer 0 < udp tftp=last\n";

TEST(tftp, reads_blocks_up_to_a_short_one) {
  EXPECT_EQ(got(last), "0.000 user 0: tftp = 100");
  EXPECT_EQ(got(block + block + last), "0.000 user 0: tftp = 1124");
}

// RFC 1350, section 4: a stranger's datagram is answered by an error and does not disturb.
TEST(tftp, what_is_not_the_next_block_is_not_taken) {
  for (const char *other : {"again", "ahead", "too-long", "short"})
    EXPECT_EQ(got(block + "peer 0 < udp tftp=" + other + "\n" + last), "0.000 user 0: tftp = 612") << other;
}

TEST(tftp, another_port_is_another_transfer) {
  EXPECT_EQ(got(block + "peer 0 < udp tftp=other-port\n"), "31.000 user 0: tftp = ETIMEDOUT");
}

// RFC 1123, 4.2.3.2: one second, then twice as long each time.
TEST(tftp, asks_five_times) {
  EXPECT_EQ(conversation("user 0: tftp\n+40000ms\n"), R"(
0.000 > udp 54488>69 (14)
1.000 > udp 54488>69 (14)
3.000 > udp 54488>69 (14)
7.000 > udp 54488>69 (14)
15.000 > udp 54488>69 (14)
31.000 user 0: tftp = ETIMEDOUT
)");
}

TEST(tftp, an_error_ends_it) {
  EXPECT_EQ(got("peer 0 < udp tftp=error\n"), "0.000 user 0: tftp = ECONNREFUSED");
}

TEST(tftp, a_file_that_is_too_long_is_refused) {
  std::string said = conversation("user 0: tftp len=700\n" + block + block);
  EXPECT_NE(said.find("tftp len=700 = ENOBUFS"), std::string::npos) << said;
}

// Another thread may shut down any descriptor: that ends the wait, and does not make it spin.
TEST(tftp, a_shutdown_ends_it) {
  std::string said = conversation("user 0: tftp\nuser 1: shutdown how=rd\n+40000ms\n");
  EXPECT_NE(said.find("0.000 user 0: tftp = ETIMEDOUT"), std::string::npos) << said;
}

}  // namespace

}  // namespace kyu::fuzz
