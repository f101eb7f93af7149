// Options that several subcommands have.
#pragma once

#include "run/isolated.h"

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace kyu::fuzz {

// Parses the command line. A value is the exit status at once: help was asked for, or the command line makes
// no sense, which has been said.
std::optional<int> parse_command_line(CLI::App &, int argc, char **argv);

// --pools, by the names that pool_mode_named() knows.
void add_pools_option(CLI::App &, std::string *name);

// --target, one of target_names.
void add_target_option(CLI::App &, std::string *target, const std::string &help);

// How scenarios are run: --pools, --no-oracles, --timeout.
struct run_flags {
  std::string pools = "best";
  bool no_oracles = false;
  uint32_t seconds = 60;

  void add_to(CLI::App &);
  run_options run() const;
};

// And how inputs are read: --target.
struct input_flags : run_flags {
  std::string target;  // empty: as a scenario

  void add_to(CLI::App &);
  // False: it has been said why.
  bool read(const std::string &path, scenario *) const;
};

}  // namespace kyu::fuzz
