#include "oracles/tcp/challenges.h"

#include "oracles/rule.h"

namespace kyu::fuzz {

namespace {

constexpr rule without_limit{"what brings nothing is answered without limit", "RFC 5961, 7"};

}  // namespace

void challenges::leaves(bool bare, uint64_t made) {
  if (bare && heard_ == what::nothing)
    expect_rule(answered_.another(made) <= at_most, without_limit, "more than twenty times within a second");
  heard_ = what::none;
}

}  // namespace kyu::fuzz
