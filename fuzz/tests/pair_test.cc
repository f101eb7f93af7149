// Two of our stacks, and the wire between them.
#include "world/pair_wire.h"
#include "world/world.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

using enum pair_wire::direction;

op wire_op(const char *line) { return from_script(line).ops.at(0); }

// What arrives by `now`: each frame's first byte.
std::vector<int> arrived(pair_wire &w, uint64_t now) {
  std::vector<int> out;
  pair_wire::direction toward;
  frame f;
  while (w.take(now, &toward, f)) out.push_back(f.data[0]);
  return out;
}

void send(pair_wire &w, uint64_t now, uint8_t content, pair_wire::direction toward = to_far) {
  const uint8_t bytes[] = {content, 0};
  w.send(toward, now, bytes);
}

using frames = std::vector<int>;

TEST(pair_wire, a_good_one_needs_a_millisecond) {
  pair_wire w;
  send(w, 5, 1);
  EXPECT_EQ(w.next(), 6u);
  EXPECT_EQ(arrived(w, 5), frames{});
  EXPECT_EQ(arrived(w, 6), frames{1});
  EXPECT_EQ(w.next(), UINT64_MAX);
}

TEST(pair_wire, a_mishap_spares_the_first_and_meets_so_many_of_its_direction) {
  pair_wire w;
  w.fault(wire_op("wire toward=far what=lose skip=1 frames=2"));
  send(w, 0, 9, to_near);
  for (uint8_t i = 1; i <= 4; ++i) send(w, 0, i);
  EXPECT_EQ(arrived(w, 1), (frames{9, 1, 4}));
}

TEST(pair_wire, a_late_frame_comes_behind_the_next_ones) {
  pair_wire w;
  w.fault(wire_op("wire what=delay ms=20"));
  w.fault(wire_op("wire what=double skip=1 ms=20"));
  for (uint8_t i = 1; i <= 3; ++i) send(w, i, i);
  EXPECT_EQ(arrived(w, 10), (frames{2, 3}));
  EXPECT_EQ(w.next(), 22u);
  EXPECT_EQ(arrived(w, 30), (frames{1, 3}));
}

TEST(pair_wire, damage_changes_a_byte_and_healing_ends_it) {
  pair_wire w;
  w.fault(wire_op("wire what=damage at=0 xor=64 frames=2"));
  send(w, 0, 1);
  w.heal();
  send(w, 0, 1);
  EXPECT_EQ(arrived(w, 1), (frames{65, 1}));
}

TEST(pair_wire, is_not_made_to_grow) {
  pair_wire w;
  for (int i = 0; i < 5000; ++i) send(w, 0, 1);
  EXPECT_LE(arrived(w, 1).size(), 1000u);
}

// The far stack is a fresh one in each scenario, as the near one is.
TEST(pair, knows_nothing_of_the_last_scenario) {
  scenario ops = from_script(
                     "+500ms\n"
                     "twin\n"
                     "user 0: tcp_bind\n"
                     "user 2: tcp_connect port=114\n"
                     "user 0: tcp_accept\n"
                     "wire toward=far what=double skip=2\n"
                     "user 2: send len=5000\n"
                     "user 0: recv fd=1 len=5000 flags=w\n")
                     .ops;
  scenario other = from_script("twin\nuser 2: server\nuser 0: tcp_connect port=114\n+100ms\n").ops;
  world w;
  uint64_t first = w.run(ops).digest;
  w.run(other);
  w.run({});
  EXPECT_EQ(w.run(ops).digest, first);
  EXPECT_EQ(world().run(ops).digest, first);
}

}  // namespace

}  // namespace kyu::fuzz
