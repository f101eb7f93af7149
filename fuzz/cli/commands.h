// The subcommands of kyufuzz. Each adds its options to the program and sets the exit status.
#pragma once

namespace CLI {
class App;
}

namespace kyu::fuzz {

void add_run(CLI::App &, int *status);
void add_show(CLI::App &, int *status);
void add_assemble(CLI::App &, int *status);
void add_minimize(CLI::App &, int *status);
void add_bundle(CLI::App &, int *status);
void add_cells(CLI::App &, int *status);
void add_explore(CLI::App &, int *status);
void add_import(CLI::App &, int *status);
void add_serve(CLI::App &, int *status);
void add_fetch(CLI::App &, int *status);
void add_triage(CLI::App &, int *status);
void add_bisect(CLI::App &, int *status);
void add_promote(CLI::App &, int *status);
void add_bench(CLI::App &, int *status);
void add_compare(CLI::App &, int *status);

}  // namespace kyu::fuzz
