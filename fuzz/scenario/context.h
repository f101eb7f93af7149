// What goes together in a scenario: an op at random hardly ever means the connection that the ops around it
// made.
#pragma once

#include "scenario/op.h"
#include "scenario/random.h"

namespace kyu::fuzz {

// The op's peer or user, descriptor and ports become the other's, where both have such.
void adopt(op &, const op &other);

// One parameter gets the value that the other has in a parameter of the same name, or a number of bytes that
// of another number of bytes, whoever the two are. False: they share none, or are one.
bool borrow(op &, const op &other, random_source &);

// It changes what becomes of later packets or calls, and does nothing by itself.
bool is_condition(opcode);

// Where a new op stands: most things grow at the end, a condition has something behind it.
size_t place_for(opcode, const scenario &, random_source &);

}  // namespace kyu::fuzz
