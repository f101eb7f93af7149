#include "cli/options.h"

#include <CLI/CLI.hpp>

namespace kyu::fuzz {

void add_pools_option(CLI::App &cmd, std::string *name) {
  cmd.add_option("--pools", *name, "plain: as BSD has them; guard, pattern: two ways to poison; best")
      ->capture_default_str()
      ->check(CLI::IsMember({"plain", "guard", "pattern", "best"}));
}

void run_flags::add_to(CLI::App &cmd) {
  add_pools_option(cmd, &pools);
  cmd.add_flag("--no-oracles", no_oracles, "Sanitizers and assertions only");
  cmd.add_option("--timeout", seconds, "Seconds after which a scenario counts as hanging")
      ->capture_default_str()
      ->check(CLI::Range(1u, 86400u));
}

run_options run_flags::run() const {
  run_options o;
  o.world = {*watch::pool_mode_named(pools), !no_oracles};
  o.seconds = seconds;
  return o;
}

}  // namespace kyu::fuzz
