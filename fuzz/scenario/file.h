// Scenarios in files.
#pragma once

#include "scenario/op.h"

#include <string>

namespace kyu::fuzz {

// False: it cannot be read, with the reason in errno.
bool read_file(const std::string &path, std::string *out);

// A file's bytes as a scenario: *.scenario must be a script, other files are tried as one and are binary
// otherwise. False with `*error` set: it cannot be parsed.
bool scenario_from(const std::string &name, const std::string &bytes, scenario *, std::string *error);
// The same of a file that is still to be read; false also where that fails.
bool load_scenario(const std::string &path, scenario *, std::string *error);

}  // namespace kyu::fuzz
