// What two conversations mean, and where they part.
#include "compare/meaning.h"
#include "compare/partings.h"
#include "run/recording.h"
#include "world/world.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

constexpr const char *exchange =
    "user 0: tcp_bind\n"
    "peer 0 < S port=114 mss=1460\n"
    "peer 0 < .\n"
    "user 0: tcp_accept\n"
    "peer 0 < P. len=64\n"
    "user 0: send fd=1 len=3000\n"
    "peer 0 < F.\n"
    "user 0: close fd=1\n";

scenario ops_of(const char *script) { return from_script(script).ops; }

std::vector<event> recorded(const scenario &ops) {
  std::vector<event> out;
  recorder r([&out](const std::string &line) {
    if (auto e = event_from(line.substr(0, line.size() - 1))) out.push_back(*e);
  });
  world w;
  w.run(ops, &r);
  return out;
}

meaning of(const char *script) {
  scenario ops = ops_of(script);
  return meaning_of(ops, recorded(ops));
}

std::vector<std::string> texts(const meaning &m) {
  std::vector<std::string> out;
  for (const statement &s : m.said) out.push_back(std::to_string(s.op) + " " + s.text());
  return out;
}

void forget(meaning &m, const std::string &text) {
  std::erase_if(m.said, [&text](const statement &s) { return s.text() == text; });
}

std::vector<parting> partings(const meaning &ours, const meaning &linux_) {
  return partings_of(ops_of(exchange), ours, linux_);
}

TEST(meaning, counts_from_the_first_byte_of_each_side) {
  meaning m = of(exchange);
  auto said = texts(m);
  ASSERT_GE(said.size(), 6u);
  EXPECT_EQ(said[0], "1 SYN-ACK mss 1460");
  EXPECT_EQ(said[1], "5 data through 1460");
  EXPECT_EQ(said[2], "5 ACK through 64");
  EXPECT_EQ(m.returned.at(3), "1");
  EXPECT_EQ(m.returned.at(5), "3000");
}

TEST(meaning, a_call_that_sleeps_has_not_returned) {
  meaning m = of("user 0: tcp_bind\nuser 1: tcp_accept\n");
  EXPECT_EQ(m.returned.at(0), "0");
  EXPECT_FALSE(m.returned.contains(1));
}

TEST(partings, the_same_conversation_has_none) {
  meaning m = of(exchange);
  EXPECT_TRUE(partings(m, m).empty());
}

TEST(partings, what_one_alone_says_is_not_explained) {
  meaning ours = of(exchange), silent = ours;
  forget(silent, "SYN-ACK mss 1460");
  auto found = partings(ours, silent);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].parts, parting::how::only_ours);
  EXPECT_EQ(found[0].why, nullptr);
}

TEST(partings, an_acknowledgment_may_come_at_another_time) {
  meaning ours = of(exchange), sooner = ours;
  for (statement &s : sooner.said)
    if (s.text() == "ACK through 64") s.op = 4;
  auto found = partings(ours, sooner);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].parts, parting::how::ours_later);
  EXPECT_NE(found[0].why, nullptr);
}

TEST(partings, another_result_is_not_explained) {
  meaning ours = of(exchange), other = ours;
  other.returned[5] = "ECONNRESET";
  auto found = partings(ours, other);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].ours, "3000");
  EXPECT_EQ(found[0].linux_, "ECONNRESET");
  EXPECT_EQ(found[0].why, nullptr);
}

TEST(partings, who_sleeps_makes_no_further_call) {
  meaning ours = of(exchange), stuck = ours;
  stuck.returned.erase(5);
  stuck.returned.erase(7);
  EXPECT_EQ(partings(ours, stuck).size(), 1u);
}

TEST(partings, what_follows_from_a_difference_is_on_its_connection) {
  scenario ops = ops_of("user 0: tcp_bind\nuser 0: setopt fd=0 option=rcvbuf\npeer 0 < .\n");
  meaning ours, theirs;
  ours.said = {{2, "80>first", saying::window_closed, 0, ""},
               {2, "80>first", saying::reset, 0, "seq 1"},
               {2, "80>second", saying::reset, 0, "seq 1"}};
  auto found = partings_of(ops, ours, theirs);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_NE(found[1].why, nullptr);
  EXPECT_EQ(found[2].where, "80>second");
  EXPECT_EQ(found[2].why, nullptr);
}

TEST(partings, only_who_closes_a_listener_resets_what_was_not_accepted) {
  scenario ops = ops_of("user 0: tcp_bind\nuser 0: tcp_accept\nuser 0: close fd=1\nuser 0: close fd=0\n");
  meaning ours, theirs;
  ours.returned = theirs.returned = {{0, "0"}, {1, "1"}, {2, "0"}, {3, "0"}};
  ours.said = {{2, "80>peer", saying::reset, 0, "seq 1"}, {3, "80>other", saying::reset, 0, "seq 1"}};
  auto found = partings_of(ops, ours, theirs);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].why, nullptr);
  EXPECT_NE(found[1].why, nullptr);
}

}  // namespace

}  // namespace kyu::fuzz
