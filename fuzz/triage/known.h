// What is known already: the regressions that this program was built with, and the seeded bugs that they
// prove.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kyu::fuzz {

struct known_defect {
  std::string regression, bug, fixed;
  std::vector<std::string>
      signatures;  // the one that its regression shows, then others that it was seen under
};

const std::vector<known_defect> &known_defects();

// Null: nothing is known by that.
const known_defect *known_by_signature(std::string_view);
const known_defect *known_by_bug(std::string_view);

}  // namespace kyu::fuzz
