// Calls that return something else with Linux for a reason, as a table.
#pragma once

#include "compare/accepted.h"

#include <vector>

namespace kyu::fuzz {

// Of a parting of results. Null: there is none.
const accepted *accepted_result(const parting &, const op &);
// All of them.
const std::vector<accepted> &accepted_results();

}  // namespace kyu::fuzz
