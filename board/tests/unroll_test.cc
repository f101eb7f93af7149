// The unroll over stacks that are written down here, good and broken ones.
#include "kernel/unroll.h"
#include "watch/frame_pointer.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace kyu::board {
namespace {

constexpr uint32_t low = 0x40500000, code = 0x40010000;

bool is_code(uint32_t pc) { return pc >= code && pc < code + 0x10000; }

struct UnrollTest : testing::Test {
  std::array<uint32_t, 64> words{};
  stack_view stack{low, low + uint32_t(sizeof words), words.data()};

  static uint32_t at(size_t n) { return low + uint32_t(n) * 4; }
  // A frame whose pointer leads to word `n`.
  void frame(size_t n, uint32_t caller, uint32_t ret) {
    words[size_t(int(n) + watch::caller_at)] = caller;
    words[size_t(int(n) + watch::return_at)] = ret;
  }
  std::vector<uint32_t> unrolled(uint32_t fp, uint32_t lr = 0, int max = 32) {
    std::vector<uint32_t> out(size_t(max) + 1);
    out.resize(size_t(unroll(fp, lr, stack, is_code, out.data(), max)));
    return out;
  }
};

using callers = std::vector<uint32_t>;

TEST_F(UnrollTest, FollowsTheChainToItsEnd) {
  frame(4, at(10), code + 0x14);
  frame(10, at(20), code + 0x5c);
  frame(20, 0, code + 0x40);
  EXPECT_EQ(unrolled(at(4)), (callers{code + 0x14, code + 0x5c, code + 0x40}));
}

TEST_F(UnrollTest, NullIsTheEnd) { EXPECT_EQ(unrolled(0), callers{}); }

TEST_F(UnrollTest, ALoopEnds) {
  frame(4, at(10), code);
  frame(10, at(4), code + 4);
  EXPECT_EQ(unrolled(at(4)), (callers{code, code + 4}));
}

TEST_F(UnrollTest, StopsAtTheRoomThatThereIs) {
  for (size_t n = 2; n < 60; n += 2) frame(n, at(n + 2), code + 4);
  EXPECT_EQ(unrolled(at(2), 0, 5).size(), 5u);
}

TEST_F(UnrollTest, WhatIsNoCodeIsNoCaller) {
  frame(4, at(10), code);
  frame(10, at(20), 0xdbdbdbdb);
  EXPECT_EQ(unrolled(at(4)), callers{code});
}

TEST_F(UnrollTest, LeavesNeitherTheStackNorItsAlignment) {
  for (uint32_t fp : {low - 4, low - 8, low + uint32_t(sizeof words), at(4) + 2, 0xfffffffcu})
    EXPECT_EQ(unrolled(fp), callers{});
  frame(4, low + uint32_t(sizeof words) + 64, code);
  EXPECT_EQ(unrolled(at(4)), callers{code});
}

TEST_F(UnrollTest, AFunctionThatCallsNobodyHasItsCallerInLr) {
  words[4] = at(10);  // its frame: the caller's frame pointer alone
  frame(10, 0, code + 0x40);
  EXPECT_EQ(unrolled(at(4), code + 0x20), (callers{code + 0x20, code + 0x40}));
}

TEST_F(UnrollTest, AFunctionWithoutAFrameYetHasItsCallerInLr) {
  frame(10, 0, code + 0x40);
  EXPECT_EQ(unrolled(at(10), code + 0x20), (callers{code + 0x20, code + 0x40}));
}

TEST_F(UnrollTest, ACallerThatIsSavedAlreadyIsTheSameOne) {
  frame(4, at(10), code + 0x20);
  frame(10, 0, code + 0x40);
  EXPECT_EQ(unrolled(at(4), code + 0x20), (callers{code + 0x20, code + 0x40}));
}

}  // namespace
}  // namespace kyu::board
