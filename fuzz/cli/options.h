// Options that several subcommands have.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace kyu::fuzz {

// --pools, by the names that pool_mode_named() knows.
void add_pools_option(CLI::App &, std::string *name);

}  // namespace kyu::fuzz
