// All that belongs to one finding, in one folder: input, script, both minimised, the conversation as a
// capture, and the report.
#pragma once

#include "run/isolated.h"

#include <functional>
#include <string>

namespace kyu::fuzz {

struct bundle_request {
  std::string folder;               // to be made; must not exist
  std::string input;                // as the fuzzer left it
  scenario ops;                     // what it means to the target
  std::string program = "kyufuzz";  // that replays it: names the seeded bug, where there is one
  run_options options;
  std::function<void(size_t)> progress;  // ops left, while it is minimised
};

struct bundle_result {
  std::optional<watch::finding> finding;  // of the minimised scenario; nothing: it does not reproduce
  size_t ops = 0;                         // of the minimised scenario
  std::string error;                      // not empty: the folder could not be written
};

// Replays, minimises and writes the folder. Nothing is left behind where that fails.
bundle_result make_bundle(const bundle_request &);

// The report for people: the finding, and the script with the op marked that did it.
std::string full_report(const watch::finding &, const scenario &);

}  // namespace kyu::fuzz
