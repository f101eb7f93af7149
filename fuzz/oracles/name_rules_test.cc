// What a resolver has to make of answers, told of each datagram and call.
#include "oracles/name_rules.h"

#include "run/child.h"
#include "world/dns_answers.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace kyu::fuzz {

namespace {

constexpr uint32_t us = 0x0a000001, server = 0x0a000002, right = 0x0a00004d;
const std::vector<uint8_t> query{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'x', 0, 0, 1, 0, 1};

wire_frame datagram(const_bytes content, bool to_server) {
  wire_frame f;
  f.is = wire_frame::kind::udp;
  f.from = to_server ? us : server;
  f.to = to_server ? server : us;
  f.sport = to_server ? 5000 : 53;
  f.dport = to_server ? 53 : 5000;
  f.datagram = content;
  return f;
}

std::string found(const std::function<void(name_rules &)> &body) {
  return signature_of([&] {
    name_rules rules;
    rules.call_begins("x");
    rules.leaves(datagram(query, true), 0, true);
    body(rules);
  });
}

std::string result_after(dns_answer how, err e, uint32_t addr) {
  auto answer = answer_query(how, query);
  return found([&](name_rules &r) {
    r.arrives(datagram(answer, false), true);
    r.call_returns(e, addr, true);
  });
}

TEST(name_rules, a_right_answer_is_the_result) {
  EXPECT_EQ(result_after(dns_answer::address, err::ok, right), "");
  EXPECT_NE(result_after(dns_answer::address, err::ok, right + 1), "");
  EXPECT_NE(result_after(dns_answer::address, err::timedout, 0), "");
}

TEST(name_rules, the_answer_to_another_query_is_none) {
  EXPECT_NE(result_after(dns_answer::other_id, err::ok, right), "");
}

TEST(name_rules, aliases_are_followed) {
  EXPECT_EQ(result_after(dns_answer::alias, err::ok, right), "");
  EXPECT_NE(result_after(dns_answer::alias, err::addrnotavail, 0), "");
}

TEST(name_rules, a_server_may_say_that_there_is_none) {
  for (dns_answer how : {dns_answer::no_such_name, dns_answer::no_address, dns_answer::other_owner}) {
    EXPECT_EQ(result_after(how, err::addrnotavail, 0), "");
    EXPECT_NE(result_after(how, err::timedout, 0), "");
    EXPECT_NE(result_after(how, err::ok, right), "");
  }
  EXPECT_EQ(result_after(dns_answer::refused, err::connrefused, 0), "");
  EXPECT_NE(found([](name_rules &r) { r.call_returns(err::addrnotavail, 0, true); }), "");
}

TEST(name_rules, what_answers_another_question_is_no_result) {
  for (dns_answer how : {dns_answer::other_question, dns_answer::pointer_loop, dns_answer::count_too_high}) {
    EXPECT_NE(result_after(how, err::ok, right + 1), "");
    EXPECT_NE(result_after(how, err::addrnotavail, 0), "");
  }
}

TEST(name_rules, nothing_is_said_of_aliases_in_a_circle) {
  EXPECT_EQ(result_after(dns_answer::alias_loop, err::addrnotavail, 0), "");
  EXPECT_EQ(result_after(dns_answer::alias_loop, err::timedout, 0), "");
}

TEST(name_rules, an_answer_ends_the_wait) {
  auto answer = answer_query(dns_answer::address, query);
  EXPECT_NE(found([&](name_rules &r) {
              r.arrives(datagram(answer, false), true);
              r.expect_result();
            }),
            "");
  EXPECT_EQ(found([&](name_rules &r) { r.expect_result(); }), "");
}

TEST(name_rules, a_query_is_for_the_users_name_and_sent_more_than_once) {
  auto other = query;
  other[13] = 'y';
  EXPECT_NE(found([&](name_rules &r) { r.leaves(datagram(other, true), 0, true); }), "");
  EXPECT_NE(found([](name_rules &r) { r.call_returns(err::timedout, 0, true); }), "");
  EXPECT_EQ(found([](name_rules &r) {
              r.leaves(datagram(query, true), 0, true);
              r.call_returns(err::timedout, 0, true);
            }),
            "");
}

// The first query leaves at 0.
TEST(name_rules, each_wait_is_twice_as_long_as_the_last) {
  auto asked_at = [](uint64_t second, bool at_once, uint64_t third) {
    return found([=](name_rules &r) {
      r.leaves(datagram(query, true), second, at_once);
      r.leaves(datagram(query, true), third, true);
    });
  };
  EXPECT_EQ(asked_at(2000, true, 6000), "");
  EXPECT_NE(asked_at(2000, true, 5999), "");
  EXPECT_EQ(asked_at(3500, false, 6000), "");  // it was made before
}

TEST(name_rules, only_what_is_no_name_is_refused) {
  EXPECT_NE(found([](name_rules &r) { r.call_returns(err::inval, 0, true); }), "");
}

}  // namespace

}  // namespace kyu::fuzz
