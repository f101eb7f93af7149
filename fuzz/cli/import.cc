// import: captured conversations as scenarios.
#include "cli/commands.h"
#include "cli/files.h"
#include "import/conversations.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace kyu::fuzz {

namespace {

struct import_command {
  std::string file, folder;

  int operator()() const {
    capture c = read_capture(file);
    if (!c.error.empty()) return refuse(file, c.error);
    import_result r = import_conversations(c);
    if (r.scenarios.empty()) return refuse(file, "no conversation whose begin was captured");
    if (int status = check_names(r); status != 0) return status;
    std::error_code e;
    std::filesystem::create_directories(folder, e);
    if (e) return refuse(folder, e.message());
    for (const imported &i : r.scenarios)
      if (!write_one(i)) return 2;
    printf("%zu conversations, %u without their begin, %u other packets, %u frames that are not IPv4\n",
           r.scenarios.size(), r.without_handshake, r.others, c.others);
    return 0;
  }

 private:
  std::string path_of(const imported &i) const { return folder + "/" + i.name + ".scenario"; }

  // Nothing is overwritten, and nothing written before that is known.
  int check_names(const import_result &r) const {
    for (const imported &i : r.scenarios)
      if (std::error_code e; std::filesystem::exists(path_of(i), e))
        return refuse(path_of(i), "exists already");
    return 0;
  }

  bool write_one(const imported &i) const {
    std::string from = std::filesystem::path(file).filename().string();
    std::string text = "// " + i.about + "\n// Seed for: real traffic, from " + from +
                       (i.cut ? "; cut after " + std::to_string(i.ops.size()) + " ops" : "") + ".\n\n" +
                       to_script(i.ops);
    if (!write_file(path_of(i), text)) return false;
    printf("%s: %zu ops%s\n", path_of(i).c_str(), i.ops.size(), i.cut ? ", cut" : "");
    return true;
  }
};

}  // namespace

void add_import(CLI::App &app, int *status) {
  CLI::App *cmd =
      app.add_subcommand("import", "Turn a capture's conversations into scenarios: clients become peers");
  auto c = std::make_shared<import_command>();
  cmd->add_option("capture", c->file, "A pcap or pcapng file")->required();
  cmd->add_option("-o,--output", c->folder, "The folder for the scripts; made where there is none")
      ->required();
  cmd->callback([c, status] { *status = (*c)(); });
}

}  // namespace kyu::fuzz
