// bisect, promote: what takes a clone of the project, to build in and to write to. The work is done by its
// ci/lib/.
#include "cli/commands.h"
#include "cli/files.h"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

namespace kyu::fuzz {

namespace fs = std::filesystem;

namespace {

// The script, of the clone that the program lies in, or the working directory. Empty: neither does.
fs::path script_of_clone(const std::string &name) {
  std::error_code none;
  for (fs::path at : {fs::read_symlink("/proc/self/exe", none), fs::current_path(none) / "."})
    while (at.has_relative_path()) {
      at = at.parent_path();
      fs::path script = at / "ci" / "lib" / name;
      if (fs::exists(script, none)) return script;
    }
  return {};
}

int run_script(const std::string &command, const std::string &script,
               const std::vector<std::string> &arguments) {
  fs::path path = script_of_clone(script);
  if (path.empty()) return refuse(command, "it needs a clone of kyufuzz, and this program is in none");
  std::vector<std::string> all{"python3", path.string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char *> argv;
  for (std::string &a : all) argv.push_back(a.data());
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  return refuse(command, std::string("python3: ") + strerror(errno));
}

void add(CLI::App &app, int *status, const std::string &name, const std::string &script,
         const std::string &help) {
  CLI::App *cmd = app.add_subcommand(name, help);
  cmd->prefix_command();
  cmd->set_help_flag();  // the script has its own
  cmd->callback([=] { *status = run_script(name, script, cmd->remaining()); });
}

}  // namespace

void add_bisect(CLI::App &app, int *status) {
  add(app, status, "bisect", "bisect_finding.py",
      "Find the commit that introduced or fixed a finding: bisect FILE --good REV --bad REV");
}

void add_promote(CLI::App &app, int *status) {
  add(app, status, "promote", "promote.py",
      "Make a finding that has been fixed a proven regression: promote BUNDLE --name NAME --fixed-by REV");
}

}  // namespace kyu::fuzz
