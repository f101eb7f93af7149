// The board's scheduler without a board: who runs, for how long, and why it wakes.
#include "kernel/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace kyu::board {
namespace {

struct SchedulerTest : testing::Test {
  task idle, a, b, c;
  scheduler sched{idle};
  uint64_t now = 0;

  SchedulerTest() { a.level = b.level = c.level = priority::user; }
  task &run() {
    sched.pass_time(now);
    return sched.should_switch(now) || sched.current().is != task::state::running ? sched.pick(now)
                                                                                  : sched.current();
  }
};

TEST_F(SchedulerTest, TheIdleTaskRunsWhereNobodyElseCan) {
  EXPECT_EQ(&run(), &idle);
  sched.make_ready(a);
  EXPECT_EQ(&run(), &a);
}

TEST_F(SchedulerTest, EqualsTakeTurnsBySlices) {
  sched.make_ready(a);
  sched.make_ready(b);
  EXPECT_EQ(&run(), &a);
  now += slice_us - 1;
  EXPECT_EQ(&run(), &a);
  EXPECT_EQ(sched.next_event(), slice_us);
  now += 1;
  EXPECT_EQ(&run(), &b);
  now += slice_us;
  EXPECT_EQ(&run(), &a);
}

TEST_F(SchedulerTest, WhoIsAloneKeepsTheProcessor) {
  sched.make_ready(a);
  EXPECT_EQ(&run(), &a);
  EXPECT_EQ(sched.next_event(), never);
  now += 100 * slice_us;
  EXPECT_EQ(&run(), &a);
}

TEST_F(SchedulerTest, MoreImportantRunsAtOnce) {
  b.level = priority::input;
  sched.make_ready(a);
  EXPECT_EQ(&run(), &a);
  sched.make_ready(b);
  EXPECT_EQ(&run(), &b);
  void *queue = nullptr;
  sched.sleep(queue, never);
  EXPECT_EQ(&run(), &a);
}

TEST_F(SchedulerTest, SleepersWakeInTheOrderInWhichTheyCame) {
  void *queue = nullptr;
  for (task *t : {&a, &b, &c}) {
    sched.make_ready(*t);
    ASSERT_EQ(&run(), t);
    sched.sleep(queue, never);
    run();
  }
  for (task *t : {&a, &b, &c}) {
    ASSERT_TRUE(sched.wake_one(queue));
    EXPECT_EQ(&run(), t);
    EXPECT_FALSE(t->timed_out);
    void *elsewhere = nullptr;
    sched.sleep(elsewhere, never);
    run();
  }
  EXPECT_FALSE(sched.wake_one(queue));
}

TEST_F(SchedulerTest, ATimeOutTakesItsSleeperOffTheQueue) {
  void *queue = nullptr;
  sched.make_ready(a);
  run();
  sched.sleep(queue, 500);
  EXPECT_EQ(&run(), &idle);
  EXPECT_EQ(sched.next_event(), 500u);
  now = 499;
  EXPECT_EQ(&run(), &idle);
  now = 500;
  EXPECT_EQ(&run(), &a);
  EXPECT_TRUE(a.timed_out);
  EXPECT_FALSE(sched.wake_one(queue));
}

TEST_F(SchedulerTest, AWakeUpInTimeIsNoTimeOut) {
  void *queue = nullptr;
  sched.make_ready(a);
  run();
  sched.sleep(queue, 500);
  run();
  ASSERT_TRUE(sched.wake_one(queue));
  now = 1000;
  EXPECT_EQ(&run(), &a);
  EXPECT_FALSE(a.timed_out);
  EXPECT_EQ(sched.next_event(), never);
}

TEST_F(SchedulerTest, SaysWhenNothingCanHappenAnyMore) {
  EXPECT_TRUE(sched.nothing_can_happen());
  sched.make_ready(a);
  EXPECT_FALSE(sched.nothing_can_happen());
  run();
  void *queue = nullptr;
  sched.sleep(queue, 500);
  run();
  EXPECT_FALSE(sched.nothing_can_happen());
  now = 500;
  run();
  sched.sleep(queue, never);
  run();
  EXPECT_TRUE(sched.nothing_can_happen());
}

// Against a list that is searched each time: the sleeper with the least time is the next event, whoever was
// woken.
TEST_F(SchedulerTest, TimeOutsComeInOrder) {
  std::mt19937 random(1);
  std::vector<task> tasks(50);
  std::vector<void *> queues(tasks.size());
  for (int round = 0; round < 200; ++round) {
    for (size_t i = 0; i < tasks.size(); ++i) {
      if (tasks[i].is != task::state::unused) continue;
      tasks[i].level = priority::user;
      sched.make_ready(tasks[i]);
      ASSERT_EQ(&run(), &tasks[i]);
      sched.sleep(queues[i], now + 1 + random() % 1000);
      run();
    }
    uint64_t soonest = never;
    for (const task &t : tasks) soonest = std::min(soonest, t.wakes_at);
    ASSERT_EQ(sched.next_event(), soonest);
    if (random() % 2 == 0) {
      sched.wake_one(queues[random() % queues.size()]);
    } else {
      now = soonest;
    }
    while (&run() != &idle) {
      ASSERT_TRUE(!sched.current().timed_out || sched.current().wakes_at == never);
      sched.retire();
    }
  }
}

}  // namespace
}  // namespace kyu::board
