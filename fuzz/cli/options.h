// Options that several subcommands have.
#pragma once

#include "run/isolated.h"

#include <string>

namespace CLI {
class App;
}

namespace kyu::fuzz {

// --pools, by the names that pool_mode_named() knows.
void add_pools_option(CLI::App &, std::string *name);

// How scenarios are run: --pools, --no-oracles, --timeout.
struct run_flags {
  std::string pools = "best";
  bool no_oracles = false;
  uint32_t seconds = 60;

  void add_to(CLI::App &);
  run_options run() const;
};

}  // namespace kyu::fuzz
