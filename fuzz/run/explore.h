// Every schedule of a scenario that has at most so many preemptions.
#pragma once

#include "run/isolated.h"

#include <functional>

namespace kyu::fuzz {

inline constexpr uint32_t max_explored_preemptions = 8;

struct explore_options {
  run_options run;  // of each schedule: its world, and the seconds that it may take
  uint32_t preemptions = 2;
  uint32_t seconds = 0;     // of wall time for all; 0: no limit
  bool keep_going = false;  // after the first finding
};

struct explore_progress {
  uint32_t preemptions = 0;  // of the schedules that are run now: first all with none, then all with one, ...
  uint64_t schedules = 0;    // run so far
  double part = 0;           // of those with so many preemptions, about
};

struct found_schedule {
  scenario ops;  // with its preemptions
  watch::finding finding;
};

struct explored {
  uint64_t schedules = 0;
  std::vector<uint64_t> by_preemptions;  // how many had none, one, two, ...
  bool complete = false;                 // neither the time limit nor a finding ended it
  std::vector<found_schedule> found;     // one for each signature, with as few preemptions as there need be
};

// The scenario's own preemptions stay, and do not count.
explored explore(const scenario &, const explore_options &,
                 const std::function<void(const explore_progress &)> &);

}  // namespace kyu::fuzz
