#include "cli/options.h"

#include <CLI/CLI.hpp>

namespace kyu::fuzz {

void add_pools_option(CLI::App &cmd, std::string *name) {
  cmd.add_option("--pools", *name, "plain: as BSD has them; guard, pattern: two ways to poison; best")
      ->capture_default_str()
      ->check(CLI::IsMember({"plain", "guard", "pattern", "best"}));
}

}  // namespace kyu::fuzz
