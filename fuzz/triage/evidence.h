// What a file that somebody brought is: an input that can be replayed, a report, or nothing of use.
#pragma once

#include "watch/finding.h"

#include <string>
#include <vector>

namespace kyu::fuzz {

// Bytes of a file that may be an input; and of one that may be a report.
inline constexpr size_t max_input_bytes = 1 << 20, max_report_bytes = 64 << 20;

struct evidence {
  std::string unusable;                  // not empty: why it is of no use
  std::string engine;                    // who made it, where its name or text says so
  std::vector<watch::finding> findings;  // that it reports; empty and usable: an input, to be replayed
};

// `name` decides what a file is only for scripts (*.scenario), and helps to tell the engine.
evidence examine(const std::string &name, const std::string &content);

// The files among `paths`, folders with all that is below them, in a fixed order; of a finding's bundle the
// input alone. `*missing`: the first path that does not exist; empty: all do. What is below `but` is left
// out.
std::vector<std::string> files_among(const std::vector<std::string> &paths, const std::string &but,
                                     std::string *missing);

}  // namespace kyu::fuzz
