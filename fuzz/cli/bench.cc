// bench: speed, all of it measured in one run and as ratios to each other.
#include "bench/bare.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "oracles/kinds.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kyu::fuzz {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

// A program with its output thrown away or, where `output` is given, read. Negative: it failed.
double seconds_of(const std::vector<std::string> &command, const std::vector<std::string> &environment,
                  std::string *output = nullptr) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return -1;
  std::vector<char *> argv, envp;
  for (const auto &word : command) argv.push_back(const_cast<char *>(word.c_str()));
  argv.push_back(nullptr);
  for (char **e = environ; *e != nullptr; ++e) envp.push_back(*e);
  for (const auto &variable : environment) envp.push_back(const_cast<char *>(variable.c_str()));
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  auto start = std::chrono::steady_clock::now();
  pid_t pid;
  int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  close(fds[1]);
  char buf[4096];
  for (ssize_t n; (n = read(fds[0], buf, sizeof buf)) > 0;)
    if (output != nullptr) output->append(buf, size_t(n));
  close(fds[0]);
  int status = 0;
  if (failed != 0 || waitpid(pid, &status, 0) != pid || status != 0) return -1;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct row {
  std::string name;
  const char *program;
  std::vector<std::string> environment;
  uint32_t runs;
};

class bench_command {
 public:
  std::string fuzzers, plain, json_file;
  uint32_t trials = 5, scale = 16;
  bool bare_only = false;

  int operator()() const {
    if (bare_only) {
      printf("%s\n", bare().dump().c_str());
      return 0;
    }
    json out;
    if (!bare_in_plain_build(&out) || !rates(&out)) return 2;
    print(out);
    return json_file.empty() || write_file(json_file, out.dump(2) + "\n") ? 0 : 2;
  }

 private:
  static fs::path build_folder() {
    std::error_code e;
    return fs::read_symlink("/proc/self/exe", e).parent_path().parent_path().parent_path();
  }
  std::string fuzzer(const char *name) const {
    fs::path folder = fuzzers.empty() ? build_folder() / "asan" / "fuzz" : fs::path(fuzzers);
    return (folder / name).string();
  }
  std::string plain_program() const {
    return plain.empty() ? (build_folder() / "plain" / "fuzz" / "kyufuzz").string() : plain;
  }

  static bool cannot_run(const std::string &program, const char *preset) {
    refuse(program, std::string("does not run; build the ") + preset + " preset");
    return false;
  }

  // What a board has.
  bool bare_in_plain_build(json *out) const {
    std::string program = plain_program(), text;
    double seconds = seconds_of({program, "bench", "--bare", "--trials", std::to_string(trials)}, {}, &text);
    *out = json::parse(text, nullptr, false);
    return seconds >= 0 && out->is_object() ? true : cannot_run(program, "plain");
  }

  json bare() const {
    constexpr uint32_t connections = 100000;
    std::vector<double> frame, reset, large_frame, large_reset;
    for (uint32_t i = 0; i < trials; ++i) {
      bare_cost small = measure_bare(connections, 1), large = measure_bare(connections, scale);
      frame.push_back(small.ns_per_frame);
      reset.push_back(small.ns_per_reset);
      large_frame.push_back(large.ns_per_frame);
      large_reset.push_back(large.ns_per_reset);
    }
    return {{"plain_ns_per_frame_in", median(frame)},
            {"plain_ns_per_reset", median(reset)},
            {"pool_scale", scale},
            {"plain_ns_per_frame_in_large_pools", median(large_frame)},
            {"plain_ns_per_reset_large_pools", median(large_reset)}};
  }

  // Executions per second of libFuzzer's whole loop; a run of one input is taken off, as start-up.
  double rate(const row &r) const {
    auto command = [&](uint32_t runs) {
      return std::vector<std::string>{fuzzer(r.program), "-runs=" + std::to_string(runs),
                                      "-seed=1",         "-max_len=4096",
                                      "-len_control=0",  "-verbosity=0",
                                      "-cross_over=0"};
    };
    double start_up = seconds_of(command(1), r.environment), all = seconds_of(command(r.runs), r.environment);
    return start_up < 0 || all <= start_up ? -1 : r.runs / (all - start_up);
  }

  bool rates(json *out) const {
    std::vector<row> rows = {
        {"empty_target", "bench_empty", {}, 2000000},
        {"connection", "bench_connection", {}, 200000},
        {"connection_plain_pools", "bench_connection", {"KYUFUZZ_POOLS=plain"}, 200000},
        {"connection_no_oracles", "bench_connection", {"KYUFUZZ_NO_ORACLES=1"}, 200000},
        {"connection_no_points", "bench_connection", {"KYUFUZZ_NO_POINTS=1"}, 200000},
        {"connection_sanitizers_only",
         "bench_connection",
         {"KYUFUZZ_POOLS=plain", "KYUFUZZ_NO_ORACLES=1"},
         200000},
    };
    for (const char *name : oracle_names)
      rows.push_back({std::string("connection_without_") + name,
                      "bench_connection",
                      {std::string("KYUFUZZ_WITHOUT_ORACLE=") + name},
                      200000});
    std::vector<std::vector<double>> all(std::size(rows));
    for (uint32_t trial = 0; trial < trials; ++trial) {
      for (size_t i = 0; i < std::size(rows); ++i) {
        fprintf(stderr, "\rtrial %u of %u: %-30s", trial + 1, trials, rows[i].name.c_str());
        double per_second = rate(rows[i]);
        if (per_second < 0) return cannot_run(fuzzer(rows[i].program), "asan");
        all[i].push_back(per_second);
      }
    }
    fprintf(stderr, "\r%50s\r", "");
    for (size_t i = 0; i < std::size(rows); ++i) (*out)[rows[i].name + "_per_s"] = median(all[i]);
    return true;
  }

  static void print(const json &j) {
    auto n = [&](const char *key) { return j[key].get<double>(); };
    double full = n("connection_per_s");
    printf("libFuzzer, AddressSanitizer and UBSan, one core; medians\n");
    printf("  %-44s %10.0f exec/s\n", "empty target", n("empty_target_per_s"));
    printf("  %-44s %10.0f exec/s  %.2f us\n", "standard connection, pools and oracles", full, 1e6 / full);
    auto without = [&](const char *what, const char *key) {
      printf("  %-44s %10.0f exec/s  they cost %.0f%%\n", what, n(key), 100 * (n(key) / full - 1));
    };
    without("  without poisoning pools", "connection_plain_pools_per_s");
    without("  without oracles", "connection_no_oracles_per_s");
    for (const char *name : oracle_names)
      without(("    without " + std::string(name)).c_str(),
              ("connection_without_" + std::string(name) + "_per_s").c_str());
    without("  without scheduling points", "connection_no_points_per_s");
    without("  without pools and oracles", "connection_sanitizers_only_per_s");
    printf("plain build, the stack alone\n");
    printf("  %-44s %10.1f ns\n", "standard connection, each frame in", n("plain_ns_per_frame_in"));
    printf("  %-44s %10.1f ns\n", "reset", n("plain_ns_per_reset"));
    std::string pools = "  with pools " + std::to_string(j["pool_scale"].get<int>()) + " times as large";
    printf("  %-44s %10.1f ns each frame, %.1f ns a reset\n", pools.c_str(),
           n("plain_ns_per_frame_in_large_pools"), n("plain_ns_per_reset_large_pools"));
  }
};

}  // namespace

void add_bench(CLI::App &app, int *status) {
  CLI::App *cmd =
      app.add_subcommand("bench", "Measure speed: needs the asan and the plain build beside this");
  auto c = std::make_shared<bench_command>();
  cmd->add_option("--fuzzers", c->fuzzers, "The folder of the asan build's programs");
  cmd->add_option("--plain", c->plain, "The plain build's kyufuzz");
  cmd->add_option("--trials", c->trials, "Of each; the median counts")
      ->capture_default_str()
      ->check(CLI::Range(1u, 1000u));
  cmd->add_option("--json", c->json_file, "A file for the figures");
  cmd->add_flag("--bare", c->bare_only, "Only the stack alone, in this build; prints JSON");
  cmd->callback([c, status] { *status = (*c)(); });
}

}  // namespace kyu::fuzz
