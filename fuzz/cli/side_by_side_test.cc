// Pieces of work in processes of their own.
#include "cli/side_by_side.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

namespace kyu::fuzz {

namespace {

struct outcome {
  int status = 0;
  std::string printed;
};

outcome run(size_t n, size_t jobs, const std::function<int(size_t)> &work) {
  outcome o;
  o.status = side_by_side(n, jobs, work, [&o](size_t i, const std::string &text) {
    o.printed += std::to_string(i) + ":" + text + " ";
  });
  return o;
}

TEST(side_by_side, what_is_printed_comes_in_order_whoever_is_ready_first) {
  auto first_is_last = [](size_t i) {
    if (i == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    printf("piece %zu", i);
    return 0;
  };
  for (size_t jobs : {1, 3, 100}) {
    outcome o = run(4, jobs, first_is_last);
    EXPECT_EQ(o.printed, "0:piece 0 1:piece 1 2:piece 2 3:piece 3 ");
    EXPECT_EQ(o.status, 0);
  }
}

TEST(side_by_side, the_worst_status_counts) {
  EXPECT_EQ(run(3, 2, [](size_t i) { return i == 1 ? 1 : 0; }).status, 1);
  EXPECT_EQ(run(0, 2, [](size_t) { return 1; }).status, 0);
}

TEST(side_by_side, behind_one_that_could_not_run_nothing_is_told) {
  outcome o = run(1000, 2, [](size_t i) { return i == 1 ? 2 : 0; });
  EXPECT_EQ(o.status, 2);
  EXPECT_EQ(o.printed, "0: 1: ");
}

TEST(side_by_side, one_that_dies_could_not_run) {
  EXPECT_EQ(run(2, 1, [](size_t) { return raise(SIGKILL); }).status, 2);
}

}  // namespace

}  // namespace kyu::fuzz
