// The programs that can replay an input: kyufuzz as it is, and with each seeded bug that lies beside it.
#pragma once

#include "watch/finding.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kyu::fuzz {

struct replay_build {
  std::string program;
  std::string bug;  // empty: the stack as it is
};

// `program` and, in its folder, program.BUG for each; the one without a bug first, the others by name.
std::vector<replay_build> builds_beside(const std::string &program);

// What each of some files makes of a build when it is read as `target` reads it; nothing: no finding. Empty
// altogether where the program does not run. Each file is a scenario that can be read.
std::vector<std::optional<watch::finding>> replay_all(const replay_build &, const std::string &target,
                                                      const std::vector<std::string> &files,
                                                      uint32_t seconds);

// Runs a program without a shell; its standard output. Nothing: it cannot be started. `*status` is its exit
// status, or -1 where a signal ended it.
std::optional<std::string> output_of(const std::vector<std::string> &command, int *status);

}  // namespace kyu::fuzz
