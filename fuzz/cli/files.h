// Reading and writing the CLI's files; an error is one line on stderr, and false.
#pragma once

#include "scenario/file.h"

#include <string>

namespace kyu::fuzz {

// "kyufuzz: what: why" on stderr; 2, the exit status of what could not run.
int refuse(const std::string &what, const std::string &why);

bool read_scenario(const std::string &path, scenario *);
// Written beside the target and renamed, so that nothing half written is ever left.
bool write_file(const std::string &path, const std::string &bytes);

}  // namespace kyu::fuzz
