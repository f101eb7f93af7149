// What a reader of the oracles' own makes of answers that are right, and of others.
#include "oracles/dns_reply.h"

#include "world/dns_answers.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

using kind = dns_reply::kind;

constexpr size_t header_len = 12;
constexpr uint32_t right = 0x0a00004d;
// Of www.x, with the letters of its user.
const std::vector<uint8_t> query{0x12, 0x34, 1,   0,   0, 1,   0, 0, 0, 0, 0, 0,
                                 3,    'w',  'W', 'w', 1, 'x', 0, 0, 1, 0, 1};

dns_reply read(const std::vector<uint8_t> &message) {
  return read_reply(message, const_bytes(query).subspan(header_len));
}

dns_reply read(dns_answer how) { return read(answer_query(how, query)); }

TEST(dns_reply, an_address_is_the_names_own_or_its_aliases) {
  for (dns_answer how : {dns_answer::address, dns_answer::alias}) {
    dns_reply r = read(how);
    EXPECT_EQ(r.is, kind::address);
    EXPECT_TRUE(r.gives(right));
    EXPECT_FALSE(r.gives(right + 1));
  }
}

TEST(dns_reply, letters_have_no_case) {
  std::vector<uint8_t> m = answer_query(dns_answer::address, query);
  m[header_len + 1] = 'W';
  EXPECT_EQ(read(m).is, kind::address);
}

TEST(dns_reply, there_is_none) {
  for (dns_answer how : {dns_answer::no_such_name, dns_answer::refused, dns_answer::no_address,
                         dns_answer::other_owner, dns_answer::other_class}) {
    dns_reply r = read(how);
    EXPECT_EQ(r.is, kind::no_answer) << int(how);
    EXPECT_TRUE(r.addresses.empty());
  }
}

TEST(dns_reply, what_cannot_be_read_or_answers_another_question_is_none) {
  for (dns_answer how : {dns_answer::other_question, dns_answer::pointer_loop, dns_answer::pointer_ahead,
                         dns_answer::count_too_high, dns_answer::long_name})
    EXPECT_EQ(read(how).is, kind::other) << int(how);
}

TEST(dns_reply, aliases_in_a_circle_lead_nowhere) {
  EXPECT_EQ(read(dns_answer::alias_loop).is, kind::unsure);
}

// Of each byte that is cut off, and of each that is another: no reader runs away, or beyond the end.
TEST(dns_reply, reads_whatever_comes) {
  for (int how = 1; how <= int(dns_answer::other_class); ++how) {
    const std::vector<uint8_t> whole = answer_query(dns_answer(how), query);
    for (size_t at = 0; at < whole.size(); ++at) {
      std::vector<uint8_t> m = whole;
      for (int bit = 0; bit < 8; ++bit) {
        m[at] = uint8_t(whole[at] ^ 1 << bit);
        (void)read(m);
      }
      m.resize(at);
      m.shrink_to_fit();
      EXPECT_NE(read(m).is, kind::address) << how << ' ' << at;
    }
  }
}

}  // namespace

}  // namespace kyu::fuzz
