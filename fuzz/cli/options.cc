#include "cli/options.h"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace kyu::fuzz {

std::optional<int> parse_command_line(CLI::App &app, int argc, char **argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &e) {
    return app.exit(e);
  } catch (const CLI::ParseError &e) {
    fprintf(stderr, "%s: %s\n", app.get_name().c_str(), e.what());
    return 2;
  }
  return std::nullopt;
}

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
