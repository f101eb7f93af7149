// Inputs that nobody brought: how many of them a build stumbles over says how little it means that it
// stumbles over one that somebody did.
#pragma once

#include "scenario/target.h"

#include <cstdint>
#include <vector>

namespace kyu::fuzz {

inline constexpr size_t neutral_inputs = 16;  // of a target

// The n-th, always the same: empty, and mutated some times.
std::vector<uint8_t> neutral_input(target, size_t n);

}  // namespace kyu::fuzz
