// What each fuzz target makes of an input: all of them run scenarios, and differ in which ops they
// let through and in what stands in front.
#pragma once

#include "scenario/op.h"

#include <string>

namespace kyu::fuzz {

enum class target : uint8_t {
  stack,   // everything
  api,     // API calls and time; no packet but what peers answer by themselves
  packet,  // raw frames and time, toward servers and a user that wait for them
};

target target_named(const std::string &);  // "fuzz_stack", ...

// The scenario that the target runs for a decoded input: self-contained, to be kept as a script.
scenario as_target(target, scenario input);

// For the mutator: does the target let this op through?
bool lets_through(target, opcode);

}  // namespace kyu::fuzz
