// Determinism: a scenario's digest is a function of the scenario alone.
#include "scenario/mutator.h"
#include "tests/conversation.h"
#include "world/world.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

TEST(world, gives_the_same_digest_whatever_ran_before) {
  world used;
  random_source r(1);
  target_input in;
  scenario &s = in.ops;
  for (int i = 0; i < 100; ++i) {
    mutate(in, target::stack, r);
    if (s.size() > 60) s.clear();
    used.run(s);
    world fresh;
    ASSERT_EQ(used.run(s).digest, fresh.run(s).digest) << to_script(s);
  }
}

// A peer that plays a server answers what it was asked in this scenario, and nothing of the last one.
TEST(world, knows_nothing_of_the_last_scenario) {
  scenario asks = from_script("user 0: dhcp\n+3000ms\n").ops;
  scenario answers = from_script("peer 1 < udp dhcp=offer\n+1000ms\n").ops;
  world used, fresh;
  used.run(asks);
  EXPECT_EQ(used.run(answers).digest, fresh.run(answers).digest);
}

TEST(world, gives_the_same_digest_with_and_without_watching) {
  world watched, plain({watch::pool_mode::plain, oracle_set::none()}),
      pattern({.pools = watch::pool_mode::pattern});
  random_source r(2);
  target_input in;
  scenario &s = in.ops;
  for (int i = 0; i < 100; ++i) {
    mutate(in, target::stack, r);
    if (s.size() > 60) s.clear();
    // Allocations fail by the watcher's hand, which plain pools do not have.
    std::erase_if(s, [](const op &o) { return o.code == opcode::nomem; });
    uint64_t digest = watched.run(s).digest;
    ASSERT_EQ(plain.run(s).digest, digest) << to_script(s);
    ASSERT_EQ(pattern.run(s).digest, digest) << to_script(s);
  }
}

TEST(world, tells_which_events_have_met_which_states) {
  world w;
  scenario passive = from_script(
                         "user 0: tcp_bind\npeer 0 < S port=114\npeer 0 < .\nuser 0: tcp_accept\n"
                         "peer 0 < P. len=10\npeer 0 < F.\nuser 0: close fd=1\n")
                         .ops;
  tcp_cells cells = w.run(passive).cells;
  EXPECT_TRUE(cells.has(tcps::closed, tcp_event::listen));
  EXPECT_TRUE(cells.has(tcps::listen, tcp_event::syn));
  EXPECT_TRUE(cells.has(tcps::syn_received, tcp_event::ack));
  EXPECT_TRUE(cells.has(tcps::established, tcp_event::data));
  EXPECT_TRUE(cells.has(tcps::established, tcp_event::fin));
  EXPECT_TRUE(cells.has(tcps::close_wait, tcp_event::abort));  // with data that nobody has read
  EXPECT_FALSE(cells.has(tcps::syn_sent, tcp_event::syn_ack));
  EXPECT_FALSE(cells.has(tcps::established, tcp_event::reset));
  cells = w.run(from_script("peer 0 react how=reset\nuser 0: socket\nuser 0: connect\n").ops).cells;
  EXPECT_TRUE(cells.has(tcps::closed, tcp_event::connect));
  EXPECT_TRUE(cells.has(tcps::syn_sent, tcp_event::reset));
  EXPECT_FALSE(cells.has(tcps::listen, tcp_event::syn));  // of the last scenario
}

TEST(world, tells_which_circumstances_events_have_met) {
  world w;
  scenario s =
      from_script(
          "user 0: tcp_bind\npeer 0 < S port=114\npeer 0 < .\nuser 0: tcp_accept\n"
          "user 0: send fd=1 len=9000\npeer 0 < . ack=una win=0\npeer 0 < P. seq=next+9 len=10 win=0\n"
          "user 0: close fd=1\n")
          .ops;
  tcp_cells cells = w.run(s).cells;
  auto amid = [&cells](tcp_event e, tcp_circumstance c) { return (cells.amid[int(e)] >> int(c) & 1) != 0; };
  EXPECT_TRUE(amid(tcp_event::data, tcp_circumstance::closed));
  EXPECT_TRUE(amid(tcp_event::data, tcp_circumstance::taken_back));
  EXPECT_FALSE(amid(tcp_event::data, tcp_circumstance::gap));  // it is what makes it
  EXPECT_TRUE(amid(tcp_event::close, tcp_circumstance::gap));
  EXPECT_FALSE(amid(tcp_event::syn, tcp_circumstance::closed));
  EXPECT_TRUE((cells.together[int(tcp_circumstance::gap)] >> int(tcp_circumstance::closed) & 1) != 0);
}

// The peer does not know that its segment was lost: the next one leaves a hole, which is asked for.
TEST(world, loses_what_is_sent_while_the_link_is_down) {
  EXPECT_EQ(conversation("user 0: tcp_bind\npeer 0 < S port=114\npeer 0 < .\nuser 0: tcp_accept\n"
                         "link state=down\npeer 0 < P. len=10\nlink state=up\npeer 0 < P. len=10\n"
                         "user 0: recv fd=1 flags=d\n"),
            "\n0.000 user 0: tcp_bind = 0\n0.000 > S. 0(0) ack 1 win 16384 mss 1460\n"
            "0.000 user 0: tcp_accept = 1\n0.000 > . 1(0) ack 1 win 16384\n"
            "0.000 user 0: recv fd=1 flags=d = EAGAIN\n");
}

// Servers have taken every thread but one, and closing their connections lingers: the one that closes
// must not need another for each second that passes.
TEST(world, closes_everything_with_every_thread_in_use) {
  std::string script =
      "user 0: tcp_connect\nuser 0: server name=daytime\nuser 0: server name=echo\npeer 0 react how=ack\n"
      "user 0: server\nuser 0: setopt option=linger value=3\n+1000ms\n";
  for (int i = 0; i < 30; ++i) script += "peer 0 < S port=114\n";
  world w;
  EXPECT_GT(w.run(from_script(script).ops).ms, 1000u);
  EXPECT_EQ(w.stack().files.open, 0);
}

TEST(world, gives_another_digest_when_something_else_is_visible) {
  world w;
  auto digest = [&w](const char *script) { return w.run(from_script(script).ops).digest; };
  EXPECT_NE(digest("peer 0 < icmp type=echo len=1\n"), digest("peer 0 < icmp type=echo len=2\n"));
  EXPECT_NE(digest("user 0: close\n"), digest("user 0: recv\n"));
  EXPECT_NE(digest("+1ms\npeer 0 < icmp type=echo\n"), digest("+2ms\npeer 0 < icmp type=echo\n"));
}

}  // namespace

}  // namespace kyu::fuzz
