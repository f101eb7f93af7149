// explore: every schedule of a scenario with few preemptions.
#include "run/explore.h"

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "run/bundle.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace kyu::fuzz {

namespace {

using nlohmann::json;

struct explore_command : run_flags {
  std::vector<std::string> files;
  std::string folder, program = "kyufuzz", json_file;
  explore_options options;

  int operator()() {
    options.run = run();
    std::vector<scenario> all(files.size());
    for (size_t i = 0; i < files.size(); ++i)
      if (!read_scenario(files[i], &all[i])) return 2;
    if (std::error_code e; !folder.empty() && std::filesystem::exists(folder, e))
      return refuse(folder, "exists already");
    json said = json::array();
    int status = 0;
    for (size_t i = 0; i < files.size(); ++i) {
      auto start = std::chrono::steady_clock::now();
      explored x = explore(all[i], options, [&](const explore_progress &p) { show_progress(files[i], p); });
      double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      fprintf(stderr, "\r%78s\r", "");
      print(files[i], x, seconds);
      said.push_back(to_object(files[i], x, seconds));
      if (!x.found.empty()) status = 1;
      if (!bundle_all(files[i], x)) return 2;
    }
    return json_file.empty() || write_file(json_file, said.dump(2) + "\n") ? status : 2;
  }

  static void show_progress(const std::string &file, const explore_progress &p) {
    std::string name = std::filesystem::path(file).stem().string();
    fprintf(stderr, "\r%s: %" PRIu64 " schedules; %.0f%% of those with %u preemptions ", name.c_str(),
            p.schedules, 100 * p.part, p.preemptions);
  }

  static std::string sum_text(const explored &x) {
    std::string out;
    for (uint64_t n : x.by_preemptions) out += (out.empty() ? "" : " + ") + std::to_string(n);
    return out;
  }

  void print(const std::string &file, const explored &x, double seconds) const {
    printf("%s: %" PRIu64 " schedules with up to %u preemptions (%s), %.0f a second, %s%s\n", file.c_str(),
           x.schedules, options.preemptions, sum_text(x).c_str(), double(x.schedules) / seconds,
           x.found.empty() ? "nothing found" : "FOUND", x.complete ? "" : ", not all of them");
    for (const found_schedule &f : x.found) printf("%s", full_report(f.finding, f.ops).c_str());
    fflush(stdout);
  }

  static json to_object(const std::string &file, const explored &x, double seconds) {
    json found = json::array();
    for (const found_schedule &f : x.found)
      found.push_back({{"finding", json::parse(watch::to_json(f.finding))}, {"script", to_script(f.ops)}});
    return {{"file", file},           {"schedules", x.schedules}, {"by_preemptions", x.by_preemptions},
            {"complete", x.complete}, {"seconds", seconds},       {"found", found}};
  }

  // FOLDER/SCRIPT-N for each finding.
  bool bundle_all(const std::string &file, const explored &x) const {
    int number = 0;
    for (const found_schedule &f : x.found) {
      if (folder.empty()) return true;
      bundle_request q;
      q.ops = f.ops;
      q.input = to_script(f.ops);
      q.folder = folder + "/" + std::filesystem::path(file).stem().string() + "-" + std::to_string(++number);
      q.program = program;
      q.options = options.run;
      q.progress = [](size_t) {};
      bundle_result r = make_bundle(q);
      if (!r.error.empty()) return refuse(q.folder, r.error) == 0;
      printf("%s: %zu of %zu ops\n", q.folder.c_str(), r.ops, f.ops.size());
    }
    return true;
  }
};

}  // namespace

void add_explore(CLI::App &app, int *status) {
  CLI::App *cmd = app.add_subcommand("explore", "Run every schedule of a scenario with few preemptions");
  auto c = std::make_shared<explore_command>();
  cmd->add_option("file", c->files, "Scenarios, as scripts or in binary form")->required();
  cmd->add_option("-k,--preemptions", c->options.preemptions, "At most so many")
      ->capture_default_str()
      ->check(CLI::Range(0u, max_explored_preemptions));
  cmd->add_option("--seconds", c->options.seconds, "For each scenario; 0: until all have run")
      ->capture_default_str();
  cmd->add_flag("--keep-going", c->options.keep_going, "Go on after the first finding");
  cmd->add_option("-o,--output", c->folder, "A folder to make, for a bundle of each finding");
  cmd->add_option("--program", c->program, "How the bundles say to replay it")->capture_default_str();
  cmd->add_option("--json", c->json_file, "A file for the figures and what was found");
  c->add_to(*cmd);
  cmd->callback([c, status] { *status = (*c)(); });
}

}  // namespace kyu::fuzz
