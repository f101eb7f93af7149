// A scenario against Linux: the same peers, and users who are threads, in real time.
#pragma once

#include "run/recording.h"
#include "scenario/op.h"

#include <string>
#include <vector>

namespace kyu::fuzz {

// Why Linux cannot take its part: an op that it has no counterpart for; empty: it can.
std::string not_for_linux(const scenario &);

struct linux_run {
  std::vector<event> events;  // the conversation, as a world tells it
  std::string error;          // why there is none; empty: there is one
};

// In a process and a network namespace of its own. Takes as long as the scenario's waits, and some ms for
// each op.
linux_run run_against_linux(const scenario &);

}  // namespace kyu::fuzz
