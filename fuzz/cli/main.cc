// kyufuzz: scenarios, what is found with them, and the stack on real wires.
#include "cli/commands.h"
#include "cli/options.h"

#include <CLI/CLI.hpp>

int main(int argc, char **argv) {
  CLI::App app{"Scenarios against a 4.4BSD TCP/IP stack", "kyufuzz"};
  app.require_subcommand(1);
  app.footer("Exit status: 0 nothing found, 1 something found, 2 it could not run.");
  int status = 0;
  kyu::fuzz::add_run(app, &status);
  kyu::fuzz::add_show(app, &status);
  kyu::fuzz::add_assemble(app, &status);
  kyu::fuzz::add_minimize(app, &status);
  kyu::fuzz::add_bundle(app, &status);
  kyu::fuzz::add_cells(app, &status);
  kyu::fuzz::add_explore(app, &status);
#ifdef KYU_PCAP
  kyu::fuzz::add_import(app, &status);
#endif
  kyu::fuzz::add_serve(app, &status);
  kyu::fuzz::add_fetch(app, &status);
  kyu::fuzz::add_triage(app, &status);
  kyu::fuzz::add_bisect(app, &status);
  kyu::fuzz::add_promote(app, &status);
  kyu::fuzz::add_bench(app, &status);
  kyu::fuzz::add_compare(app, &status);
  if (std::optional<int> ended = kyu::fuzz::parse_command_line(app, argc, argv)) return *ended;
  return status;
}
