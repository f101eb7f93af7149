// Who runs when: preemptions, and what the scheduler makes of them.
#include "world/scheduler.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace kyu::fuzz {

namespace {

// Threads that write their names where they are, under a scheduler of their own.
class schedule : public testing::Test {
 protected:
  schedule() : sched_(where_, digest_) {}

  void thread(std::function<void()> body) {
    bodies_.push_back(std::move(body));
    ASSERT_TRUE(
        sched_.start("thread", run_body, *reinterpret_cast<Stack *>(this), uint32_t(bodies_.size() - 1)));
  }
  // `name` before each of `times` points, and in lower case after the last.
  std::function<void()> steps(char name, int times, sched_point at = sched_point::yield) {
    return [this, name, times, at] {
      for (int i = 0; i < times; ++i) {
        said_ += name;
        sched_.reach(at);
      }
      said_ += char(name - 'A' + 'a');
    };
  }
  std::string run() {
    EXPECT_TRUE(sched_.run());
    return std::exchange(said_, "");
  }

  watch::whereabouts where_;
  digest digest_;
  scheduler sched_;
  std::string said_;

 private:
  static void run_body(Stack &st, uint32_t number) { reinterpret_cast<schedule &>(st).bodies_[number](); }
  std::vector<std::function<void()>> bodies_;
};

constexpr auto yield = sched_point::yield;

TEST_F(schedule, by_default_nobody_is_preempted) {
  thread(steps('A', 3));
  thread(steps('B', 2));
  EXPECT_EQ(run(), "AAAaBBb");
}

TEST_F(schedule, a_preempted_thread_waits_until_the_other_sleeps) {
  thread(steps('A', 3));
  thread(steps('B', 2));
  thread(steps('C', 2));
  sched_.preempt({0, yield, 1, 2});
  EXPECT_EQ(run(), "AACCcAaBBb");
}

TEST_F(schedule, any_other_is_the_one_that_is_next) {
  thread(steps('A', 3));
  thread(steps('B', 1));
  thread(steps('C', 1));
  sched_.preempt({0, yield, 0, any_thread});
  EXPECT_EQ(run(), "ABbAAaCc");
}

TEST_F(schedule, another_kind_of_point_is_not_meant) {
  thread(steps('A', 2));
  thread(steps('B', 1));
  sched_.preempt({0, sched_point::net_lock, 0, 1});
  EXPECT_EQ(run(), "AAaBb");
}

TEST_F(schedule, two_threads_preempt_each_other) {
  thread(steps('A', 3));
  thread(steps('B', 3));
  sched_.preempt({0, yield, 0, 1});
  sched_.preempt({1, yield, 1, 0});
  EXPECT_EQ(run(), "ABBAAaBb");
}

TEST_F(schedule, it_waits_for_what_the_other_is_still_to_do) {
  semaphore work;
  thread(steps('A', 2));
  thread([this, &work] {
    (void)sched_.sem_wait(work, forever);
    said_ += 'b';
  });
  sched_.preempt({1, yield, 0, 0});  // never gets there
  sched_.preempt({0, yield, 0, 1});
  EXPECT_EQ(run(), "AAa");  // thread 1 came to sleep, which is enough
  thread(steps('C', 2));
  sched_.preempt({0, yield, 0, 1});  // the thread that was A
  EXPECT_EQ(run(), "C");
  EXPECT_TRUE(sched_.holding());
  sched_.sem_signal(work);
  EXPECT_EQ(run(), "bCc");
  EXPECT_FALSE(sched_.holding());
}

TEST_F(schedule, lifted_preemptions_let_everybody_go_on) {
  semaphore never;
  thread(steps('A', 2));
  thread([this, &never] { (void)sched_.sem_wait(never, forever); });
  EXPECT_EQ(run(), "AAa");
  thread(steps('C', 3));
  sched_.preempt({0, yield, 0, 1});
  sched_.preempt({0, yield, 1, 1});
  EXPECT_EQ(run(), "C");
  sched_.lift_preemptions();
  EXPECT_EQ(run(), "CCc");
}

TEST_F(schedule, a_thread_that_does_not_exist_is_not_waited_for) {
  thread(steps('A', 2));
  sched_.preempt({0, yield, 0, 9});
  sched_.preempt({0, yield, 0, 0});
  EXPECT_EQ(run(), "AAa");
  EXPECT_FALSE(sched_.holding());
}

TEST_F(schedule, naps_on_one_semaphore_are_counted) {
  semaphore here, there;
  std::string told;
  sched_.at_each_nap(3, [&told](thread_id t, const semaphore *, uint32_t naps) {
    told += std::to_string(t) + ":" + std::to_string(naps) + " ";
  });
  thread([&] {
    for (semaphore *s : {&here, &here, &there, &here, &here, &here, &here, &here, &here})
      (void)sched_.sem_wait(*s, forever);
  });
  for (int i = 0; i < 9; ++i) {
    run();
    sched_.sem_signal(i == 2 ? there : here);
  }
  run();
  EXPECT_EQ(told, "0:3 0:6 ");
}

TEST_F(schedule, starting_and_ending_are_points) {
  std::string seen;
  sched_.set_observer([&seen](thread_id t, sched_point at) {
    seen += std::to_string(t) + ":" + std::to_string(int(at)) + " ";
  });
  thread([this] { thread(steps('B', 0)); });
  EXPECT_EQ(run(), "b");
  EXPECT_EQ(seen, "0:" + std::to_string(int(sched_point::spawn)) +
                      " 0:" + std::to_string(int(sched_point::exit)) +
                      " 1:" + std::to_string(int(sched_point::exit)) + " ");
}

}  // namespace

}  // namespace kyu::fuzz
