// A stretch of a scenario again and again: floods, full queues and counters that run over need many of the
// same.
#pragma once

#include "scenario/op.h"
#include "scenario/random.h"

namespace kyu::fuzz {

// A few ops from `at` on, up to 64 times; in some, one number grows with each time. It stays within max_ops.
void repeat_stretch(scenario &, size_t at, random_source &);

}  // namespace kyu::fuzz
