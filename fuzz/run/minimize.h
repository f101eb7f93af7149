// Smaller scenarios with the same finding.
#pragma once

#include "run/isolated.h"

#include <functional>

namespace kyu::fuzz {

// Removes ops, sets parameters to their standard values, and gives calls to fewer threads, as long as
// the finding keeps its signature. Calls `progress` with the number of ops left, after each success. The
// scenario must have a finding; the result has the same one.
scenario minimize(const scenario &, const std::string &signature, const run_options &,
                  const std::function<void(size_t)> &progress);

}  // namespace kyu::fuzz
