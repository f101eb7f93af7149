// The concurrent scenarios that fuzz_schedule runs under ever other schedules: corpus/concurrent/, in the
// order of their names.
#pragma once

#include "scenario/op.h"

namespace kyu::fuzz {

const std::vector<scenario> &concurrent_library();

}  // namespace kyu::fuzz
