// What each fuzz target makes of an input: all of them run scenarios, and differ in which ops they
// let through and in what stands in front.
#pragma once

#include "scenario/op.h"

#include <string>

namespace kyu::fuzz {

enum class target : uint8_t {
  stack,     // everything
  api,       // API calls and time; no packet but what peers answer by themselves
  packet,    // raw frames and time, toward servers and a user that wait for them
  schedule,  // preemptions, in front of one of the library's scenarios
  pair,      // API calls on two of our stacks, time, and what the wire between them does
};

// In the order of the enumerators.
inline constexpr const char *target_names[] = {"fuzz_stack", "fuzz_api", "fuzz_packet", "fuzz_schedule",
                                               "fuzz_pair"};
target target_named(const std::string &);  // one of these

// What an input is to its target. For fuzz_schedule its first byte picks from the library, which is not among
// the ops.
struct target_input {
  uint8_t pick = 0;
  scenario ops;
};
void decode_input(target, std::span<const uint8_t>, target_input &);  // uses its memory again
std::vector<uint8_t> encode_input(target, const target_input &);

// Bytes as the target's mutator would leave them: nothing in them is ignored or clamped, or is for another
// target.
bool is_canonical(target, std::span<const uint8_t>);

// The scenario that the target runs for an input: self-contained, to be kept as a script.
scenario as_target(target, target_input);

// For the mutator: does the target let this op through?
bool lets_through(target, opcode);

}  // namespace kyu::fuzz
