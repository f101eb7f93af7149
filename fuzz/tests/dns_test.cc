// The resolver: names, compression and its limits, and what it makes of a server's answers.
#include "kyu/dns.h"

#include "tests/conversation.h"

#include <gtest/gtest.h>

#include <vector>

namespace kyu::fuzz {

namespace {

std::string text_of(const dns_name &n) { return {reinterpret_cast<const char *>(n.octets), n.len}; }

TEST(dns, names_become_lower_case_labels) {
  dns_name n;
  ASSERT_TRUE(dns_name_from("WWW.Example.com.", &n));
  EXPECT_EQ(text_of(n), std::string("\3www\7example\3com\0", 17));
  for (const char *bad : {"", ".", "a..b", ".a"}) EXPECT_FALSE(dns_name_from(bad, &n)) << bad;
  EXPECT_FALSE(dns_name_from(std::string(64, 'a').c_str(), &n));
  std::string label = std::string(62, 'a') + ".", longest = label + label + label + label;
  EXPECT_TRUE(dns_name_from((longest.substr(0, 253)).c_str(), &n));
  EXPECT_FALSE(dns_name_from((longest + "bb").c_str(), &n));
}

TEST(dns, pointers_lead_backward_only) {
  const uint8_t good[] = {3, 'c', 'o', 'm', 0, 1, 'a', 0xc0, 0, 9};
  dns_name n;
  uint32_t at = 5;
  ASSERT_TRUE(dns_read_name(good, &at, &n));
  EXPECT_EQ(at, 9u);
  EXPECT_EQ(text_of(n), std::string("\1a\3com\0", 7));
  const uint8_t self[] = {0xc0, 0}, ahead[] = {0xc0, 3, 9, 0}, cut[] = {1, 'a', 0xc0},
                to_itself[] = {1, 'a', 0xc0, 0};
  for (const_bytes bad : {const_bytes(self), const_bytes(ahead), const_bytes(cut), const_bytes(to_itself)}) {
    at = 0;
    EXPECT_FALSE(dns_read_name(bad, &at, &n));
  }
}

// However a message is damaged, reading it ends and stays inside.
TEST(dns, every_prefix_and_every_flipped_bit_is_read_to_an_end) {
  dns_name name;
  ASSERT_TRUE(dns_name_from("www.example.com", &name));
  uint8_t query[dns_max_message];
  std::vector<uint8_t> m(query, query + dns_make_query(7, name, query));
  m[2] |= 0x80;
  m[7] = 1;
  const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 77};
  m.insert(m.end(), record, record + sizeof record);
  uint32_t addr = 0;
  ASSERT_EQ(dns_read_answer(m, 7, name, &addr), err::ok);
  EXPECT_EQ(addr, 0x0a00004du);
  for (size_t len = 0; len < m.size(); ++len) {
    std::vector<uint8_t> exact(m.begin(), m.begin() + long(len));  // so that a sanitizer sees its end
    EXPECT_NE(dns_read_answer(exact, 7, name, &addr), err::ok) << len;
  }
  for (size_t bit = 0; bit < m.size() * 8; ++bit) {
    m[bit / 8] ^= uint8_t(1 << bit % 8);
    (void)dns_read_answer(m, 7, name, &addr);
    m[bit / 8] ^= uint8_t(1 << bit % 8);
  }
}

std::string asked(const std::string &answers) {
  return conversation("user 0: resolve\n" + answers + "+30000ms\n");
}

TEST(dns, an_address_also_behind_an_alias) {
  EXPECT_NE(asked("peer 0 < udp dns=address\n").find("resolve = 167772237"), std::string::npos);
  EXPECT_NE(asked("peer 0 < udp dns=alias\n").find("resolve = 167772237"), std::string::npos);
}

TEST(dns, no_such_name_and_aliases_that_go_round) {
  for (const char *how : {"no-such-name", "no-address", "alias-loop"}) {
    std::string said = asked("peer 0 < udp dns=" + std::string(how) + "\n");
    EXPECT_NE(said.find("0.000 user 0: resolve = EADDRNOTAVAIL"), std::string::npos) << said;
  }
}

// RFC 5452: what does not answer the question is as if it had not come; the right answer still counts.
TEST(dns, what_is_no_answer_does_not_end_the_wait) {
  for (const char *how :
       {"other-id", "other-question", "pointer-loop", "pointer-ahead", "count-too-high", "long-name"}) {
    std::string wrong = "peer 0 < udp dns=" + std::string(how) + "\n";
    std::string said = asked(wrong);
    EXPECT_NE(said.find("14.000 user 0: resolve = ETIMEDOUT"), std::string::npos) << how << said;
    EXPECT_NE(asked(wrong + "peer 0 < udp dns=address\n").find("resolve = 167772237"), std::string::npos)
        << how;
  }
}

TEST(dns, a_server_that_is_none_is_told_at_once) {
  EXPECT_NE(asked("peer 0 < icmp type=port-unreach\n").find("0.000 user 0: resolve = ECONNREFUSED"),
            std::string::npos);
}

// Another thread may shut down any descriptor: that ends the wait, and does not make it spin.
TEST(dns, a_shutdown_ends_it) {
  EXPECT_EQ(conversation("user 0: resolve\nuser 1: shutdown how=rd\n"), R"(
0.000 > udp 54488>53 (33)
0.000 user 1: shutdown how=rd = 0
0.000 user 0: resolve = ENOTCONN
)");
}

}  // namespace

}  // namespace kyu::fuzz
