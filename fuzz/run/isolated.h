// A scenario in a process of its own: whatever it does to that process, the caller learns of it.
#pragma once

#include "run/recording.h"
#include "scenario/op.h"
#include "watch/finding.h"
#include "world/world.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kyu::fuzz {

struct run_report {
  outcome result;                         // of the last repetition; zero where it did not finish
  std::optional<watch::finding> finding;  // also for a crash or a hang without a report
  std::vector<event> events;              // the conversation, where asked for
  // All repetitions have the same digest; those that end in a finding, up to that and the same signature.
  bool same_digest = true;
};

struct run_options {
  world_options world;
  uint32_t repeat = 1;
  bool record = false;    // the conversation of the first repetition
  bool quiet = true;      // keep the sanitizers' own reports to themselves
  uint32_t seconds = 60;  // of wall time, for all repetitions; then it counts as a hang
};

run_report run_isolated(const scenario &, const run_options &);

// Many, once each, one behind the other in a process that is a new one only after a finding: quicker by far.
// `ended` learns of each in turn.
void run_in_turn(const std::vector<scenario> &, const run_options &,
                 const std::function<void(size_t, const run_report &)> &ended);

}  // namespace kyu::fuzz
