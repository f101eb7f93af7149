// Mutation and crossover on ops, not bytes.
#pragma once

#include "scenario/op.h"
#include "scenario/random.h"
#include "scenario/target.h"

namespace kyu::fuzz {

// One or more small changes.
void mutate(target_input &, target, random_source &);

// A front part of one and a back part of the other, or a few ops of the other in the midst of the one.
scenario cross(const scenario &, const scenario &, random_source &);

}  // namespace kyu::fuzz
