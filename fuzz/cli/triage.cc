// triage: crashes from anywhere, in buckets.
#include "triage/triage.h"

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <mutex>

namespace kyu::fuzz {

namespace {

std::string utc_now() {
  time_t t = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  tm parts{};
  gmtime_r(&t, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

struct triage_command {
  triage_request q;

  int operator()() {
    std::error_code none;
    q.program = std::filesystem::read_symlink("/proc/self/exe", none).string();
    q.now = utc_now();
    std::mutex saying;
    q.progress = [&saying](const std::string &text) {
      std::lock_guard lock(saying);
      fprintf(stderr, "kyufuzz triage: %s\n", text.c_str());
    };
    triage_result r = run_triage(q);
    if (!r.error.empty()) return refuse("triage", r.error);
    return print(r);
  }

  // What is known does not ask for anybody's attention.
  static int print(const triage_result &r) {
    int status = 0;
    for (const bucket *b : r.store.buckets()) {
      const sighting *smallest = b->representative();
      printf("%5zu  %-36s %s\n", b->sightings.size(), b->known_as.empty() ? "NEW" : b->known_as.c_str(),
             b->signature.c_str());
      if (smallest != nullptr) printf("       %-36s %s\n", "", smallest->file.c_str());
      if (b->known_as.empty()) status = 1;
    }
    for (const auto &[file, reason] : r.store.rejects())
      printf("    -  %s: %s\n", file.c_str(), reason.c_str());
    printf("%zu files: %zu buckets, %zu of no use\n", r.files, r.store.buckets().size(),
           r.store.rejects().size());
    return status;
  }
};

}  // namespace

void add_triage(CLI::App &app, int *status) {
  CLI::App *cmd = app.add_subcommand(
      "triage",
      "Put crashes from anywhere into buckets: inputs of any engine, sanitizers' logs, results of the "
      "gate, a board's last words. Exit status 0: everything is known, 1: something is new");
  auto c = std::make_shared<triage_command>();
  cmd->add_option("path", c->q.paths, "Files, and folders of them")->required();
  cmd->add_option("--out", c->q.out, "The folder to leave triage.json and bundles in; what is there stays")
      ->required();
  add_target_option(*cmd, &c->q.target,
                    "Read inputs as this target does; otherwise as their paths or their bytes say");
  cmd->add_option("--timeout", c->q.seconds, "Seconds after which an input counts as hanging")
      ->capture_default_str()
      ->check(CLI::Range(1u, 86400u));
  cmd->callback([c, status] { *status = (*c)(); });
}

}  // namespace kyu::fuzz
