// Ops and pieces of conversation at random.
#pragma once

#include "scenario/op.h"
#include "scenario/random.h"
#include "scenario/target.h"

#include <optional>

namespace kyu::fuzz {

// An op of a target's, with some of its parameters at random.
op random_op(target, random_source &);

// One that changes what becomes of what follows it: of all kinds alike, most for the next packet or call.
// None: the target has no such op.
std::optional<op> random_condition(target, random_source &);

// A call of another user's, on the descriptor that `call` names. None: the target's users make no calls.
std::optional<op> random_interference(target, const op &call, random_source &);

// One parameter anew; of a raw frame, a byte or its length.
void randomise_arg(op &, random_source &);

// A piece of a conversation: calls and packets that depend on each other.
const scenario &random_phrase(target, random_source &);

}  // namespace kyu::fuzz
