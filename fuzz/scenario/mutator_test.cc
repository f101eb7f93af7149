// Mutation: total, within bounds, and to the point.
#include "scenario/calls.h"
#include "scenario/context.h"
#include "scenario/generate.h"
#include "scenario/library.h"
#include "scenario/mutator.h"
#include "scenario/repeat.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kyu::fuzz {

namespace {

op op_of(const char *line) { return from_script(line).ops.at(0); }

TEST(mutator, is_a_function_of_input_and_seed) {
  for (target t : {target::stack, target::api, target::packet, target::schedule, target::pair}) {
    random_source a(7), b(7);
    target_input x, y;
    for (int i = 0; i < 300; ++i) {
      mutate(x, t, a);
      mutate(y, t, b);
      ASSERT_EQ(encode_input(t, x), encode_input(t, y));
    }
  }
}

TEST(mutator, gives_scenarios_that_survive_both_forms) {
  random_source r(8);
  target_input in;
  scenario &s = in.ops, other;
  for (int i = 0; i < 2000; ++i) {
    mutate(in, target::stack, r);
    if (r.one_in(10)) s = cross(s, other, r);
    if (r.one_in(10)) other = s;
    if (r.one_in(50)) s.clear();
    ASSERT_LE(s.size(), max_ops);
    ASSERT_EQ(decode(encode(s)), s);
    ASSERT_EQ(from_script(to_script(s)).ops, s);
  }
}

TEST(mutator, keeps_to_what_the_target_lets_through) {
  random_source r(9);
  for (target t : {target::api, target::packet, target::schedule, target::pair}) {
    target_input in;
    for (int i = 0; i < 1000; ++i) {
      mutate(in, t, r);
      if (t == target::packet)
        for (const op &o : in.ops) ASSERT_TRUE(lets_through(t, o.code)) << to_line(o);
      scenario whole = as_target(t, in);
      ASSERT_LE(whole.size(), max_ops);
      if (in.ops.size() > 100) in.ops.clear();
    }
  }
}

// An engine's own mutations leave bytes that mean ops of any kind.
TEST(mutator, ends_whatever_it_is_given) {
  random_source r(14);
  for (target t : {target::stack, target::api, target::packet, target::schedule, target::pair}) {
    for (int i = 0; i < 2000; ++i) {
      target_input in;
      for (int n = 0; n < 4; ++n) in.ops.push_back(random_op(target::stack, r));
      mutate(in, t, r);
      for (const op &o : in.ops) ASSERT_TRUE(lets_through(t, o.code)) << to_line(o);
    }
  }
}

TEST(mutator, a_schedule_is_preemptions_in_front_of_the_library) {
  random_source r(10);
  target_input in;
  std::vector<bool> picked(concurrent_library().size());
  for (int i = 0; i < 1000; ++i) {
    mutate(in, target::schedule, r);
    target_input again;
    decode_input(target::schedule, encode_input(target::schedule, in), again);
    ASSERT_EQ(again.ops, in.ops);
    const scenario &behind = concurrent_library()[again.pick];
    picked[again.pick] = true;
    scenario whole = as_target(target::schedule, again);
    ASSERT_EQ(whole.size(), in.ops.size() + behind.size());
    ASSERT_TRUE(std::equal(behind.begin(), behind.end(), whole.end() - long(behind.size())));
  }
  EXPECT_EQ(std::count(picked.begin(), picked.end(), false), 0);
}

TEST(mutator, a_new_op_is_about_what_its_neighbour_is_about) {
  op o = op_of("user 0: recv len=7\n");
  adopt(o, op_of("user 2: send fd=3 len=50\n"));
  EXPECT_EQ(to_line(o), "user 2: recv fd=3 len=7");
  o = op_of("peer 0 < udp len=20\n");
  adopt(o, op_of("user 1: bind fd=2 port=53\n"));
  EXPECT_EQ(to_line(o), "peer 0 < udp port=53 len=20");
}

TEST(mutator, a_parameter_is_borrowed_with_what_it_is_relative_to) {
  random_source r(11);
  op from = op_of("peer 1 < P. seq=una+7 len=3\n");
  bool borrowed = false;
  for (int i = 0; i < 1000 && !borrowed; ++i) {
    op o = op_of("peer 1 < .\n");
    ASSERT_TRUE(borrow(o, from, r));
    borrowed = to_line(o) == "peer 1 < . seq=una+7";
  }
  EXPECT_TRUE(borrowed);
  op wait = op_of("+5ms\n");
  EXPECT_FALSE(borrow(wait, from, r));
}

// Five are one more than a mutation has changes, and by their lengths they are no copies of one.
TEST(mutator, what_is_said_in_several_places_may_change_in_all_of_them) {
  random_source r(15);
  const scenario before = from_script(
                              "peer 0 < P. len=1 win=5000\npeer 0 < P. len=2 win=5000\n"
                              "peer 0 < P. len=3 win=5000\npeer 0 < P. len=4 win=5000\n"
                              "peer 0 < P. len=5 win=5000\npeer 1 < P. len=6 win=5000\n")
                              .ops;
  auto win = size_t(arg_index(opcode::seg, "win"));
  bool all = false;
  for (int i = 0; i < 20000 && !all; ++i) {
    target_input in;
    in.ops = before;
    mutate(in, target::stack, r);
    if (in.ops.empty()) continue;
    scenario expected = before;
    for (size_t n = 0; n < 5; ++n) expected[n].arg[win] = in.ops[0].arg[win];
    all = in.ops == expected && in.ops != before;
  }
  EXPECT_TRUE(all);
}

// Five are more than the waits that a mutation could add one by one; all last as long.
TEST(mutator, the_path_may_become_long) {
  random_source r(16);
  const op word = op_of("peer 0 < P. len=1\n");
  bool all = false;
  for (int i = 0; i < 20000 && !all; ++i) {
    target_input in;
    in.ops.assign(5, word);
    mutate(in, target::stack, r);
    if (in.ops.size() != 10 || in.ops[0].code != opcode::wait) continue;
    scenario expected;
    for (int n = 0; n < 5; ++n) expected.insert(expected.end(), {in.ops[0], word});
    all = in.ops == expected;
  }
  EXPECT_TRUE(all);
}

TEST(mutator, what_fills_a_window_is_as_long_as_it) {
  random_source r(14);
  op from = op_of("peer 0 < . win=4321\n");
  bool filled = false;
  for (int i = 0; i < 1000; ++i) {
    op o = op_of("user 0: send len=1\n");
    borrow(o, from, r);
    filled = filled || to_line(o) == "user 0: send len=4321";
    o = op_of("peer 0 < udp len=1\n");
    borrow(o, from, r);
    ASSERT_LE(o.arg[size_t(arg_index(opcode::udp, "len"))], 1472);
  }
  EXPECT_TRUE(filled);
}

TEST(mutator, a_condition_has_something_behind_it) {
  random_source r(12);
  scenario s = from_script("user 0: socket\nuser 0: connect\n").ops;
  for (int i = 0; i < 100; ++i) {
    ASSERT_LT(place_for(opcode::damage, s, r), s.size());
    ASSERT_LE(place_for(opcode::send, s, r), s.size());
  }
  EXPECT_EQ(place_for(opcode::damage, {}, r), 0u);
}

TEST(mutator, conditions_and_other_users_are_what_the_target_knows) {
  random_source r(14);
  const op call = op_of("user 2: send fd=3");
  for (target t : {target::stack, target::api, target::packet, target::pair})
    for (int i = 0; i < 200; ++i) {
      op condition = random_condition(t, r).value();
      ASSERT_TRUE(is_condition(condition.code) && lets_through(t, condition.code));
      if (t == target::packet) continue;  // has no calls
      op other = random_interference(t, call, r).value();
      ASSERT_TRUE(names_descriptor(other) && lets_through(t, other.code));
      ASSERT_EQ(fd_of(other), 3);
      ASSERT_NE(other.arg[0], 2);
    }
}

TEST(mutator, a_stretch_is_repeated_and_one_number_may_grow) {
  random_source r(13);
  const scenario one = from_script("user 0: tcp_bind\npeer 0 < P. seq=next+100 len=1\n").ops;
  bool flood = false, grows = false;
  for (int i = 0; i < 2000; ++i) {
    scenario s = one;
    repeat_stretch(s, 1, r);
    ASSERT_GE(s.size(), 3u);
    ASSERT_LE(s.size(), max_ops);
    flood = flood || s.size() > 40;
    int delta = arg_index(opcode::seg, "seq") + 1;
    grows = grows || (s.size() > 3 && s[2].arg[size_t(delta)] == 102 && s[3].arg[size_t(delta)] == 104);
  }
  EXPECT_TRUE(flood);
  EXPECT_TRUE(grows);
  scenario full(max_ops, one[0]);
  repeat_stretch(full, max_ops - 1, r);
  EXPECT_EQ(full.size(), max_ops);
}

}  // namespace

}  // namespace kyu::fuzz
