#include "cli/options.h"

#include "cli/files.h"
#include "scenario/target.h"

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

void add_target_option(CLI::App &cmd, std::string *target, const std::string &help) {
  cmd.add_option("--target", *target, help)
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(target_names), std::end(target_names))));
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
  o.world = {*watch::pool_mode_named(pools), no_oracles ? oracle_set::none() : oracle_set::all()};
  o.seconds = seconds;
  return o;
}

void input_flags::add_to(CLI::App &cmd) {
  add_target_option(cmd, &target, "Read binary inputs as this target does");
  run_flags::add_to(cmd);
}

bool input_flags::read(const std::string &path, scenario *s) const {
  if (target.empty()) return read_scenario(path, s);
  fuzz::target t = target_named(target);
  target_input in;
  std::string bytes;
  if (path.ends_with(".scenario")) {
    if (!read_scenario(path, &in.ops)) return false;
  } else {
    if (!read_file(path, &bytes)) return refuse(path, "cannot be read") == 0;
    decode_input(t, {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, in);
  }
  *s = as_target(t, std::move(in));
  return true;
}

}  // namespace kyu::fuzz
