#include "oracles/tcp/window_probes.h"

#include "oracles/rule.h"
#include "oracles/tcp/time_outs.h"

namespace kyu::fuzz {

namespace {

constexpr rule too_often{"a closed window is probed too often", "RFC 9293, 3.8.6.1"};

constexpr uint32_t backed_off = 6;    // probes, the last of which waits for longer than the second
constexpr uint64_t patient = 30'000;  // ms between two, after which nobody need wait for longer

}  // namespace

void window_probes::leaves(uint64_t made) {
  uint64_t interval = made - last_;
  last_ = made;
  if (++count_ == 1) return;
  expect_rule(interval >= time_outs::least, too_often, "no time-out is as short as this");
  if (count_ == 2) first_interval_ = interval;
  bool longer = interval > first_interval_ || interval >= patient;
  expect_rule(count_ < backed_off || longer, too_often,
              "the peer has not answered, and is asked no less often");
}

}  // namespace kyu::fuzz
