// Differences between our stack and Linux that are no defect of ours: each with what allows it.
#pragma once

#include "compare/partings.h"
#include "compare/replay.h"

#include <vector>

namespace kyu::fuzz {

inline constexpr const char *posix = "POSIX.1-2017";  // a source of several

struct accepted {
  const char *why;
  const char *source;  // that leaves it open, or says which of both is right
  // From then on the two have had different conversations there: what differs later on follows from it.
  bool for_good;
  bool (*is)(const parting &, const replay &);
};

// Null: there is none.
const accepted *accepted_as(const parting &, const replay &);
// What is said of a difference that follows from an earlier one, which was for good.
const accepted *follows();
// All of them, for people.
std::vector<const accepted *> all_accepted();

}  // namespace kyu::fuzz
