// run, show, assemble, minimize, bundle.
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "run/bundle.h"
#include "run/minimize.h"
#include "run/record.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace kyu::fuzz {

namespace {

using nlohmann::json;

void show_progress(size_t left, size_t before) { fprintf(stderr, "\r%zu of %zu ops left ", left, before); }

struct run_command : input_flags {
  std::vector<std::string> files;
  uint32_t repeat = 1;
  bool as_json = false, verbose = false, sanitizer_log = false;

  int operator()() const {
    json all = json::array();
    int status = 0;
    for (const std::string &file : files) {
      scenario s;
      if (!read(file, &s)) return 2;
      run_options o = run();
      o.repeat = repeat;
      o.record = verbose;
      o.quiet = !sanitizer_log;
      run_report r = run_isolated(s, o);
      if (r.finding || !r.same_digest) status = 1;
      if (as_json)
        all.push_back(to_object(file, s, r));
      else
        print(file, s, r);
    }
    if (as_json) printf("%s\n", all.dump(2).c_str());
    return status;
  }

  static std::string hex(uint64_t v) {
    char text[20];
    snprintf(text, sizeof text, "%016" PRIx64, v);
    return text;
  }

  json to_object(const std::string &file, const scenario &s, const run_report &r) const {
    json j = {{"file", file}, {"ops", s.size()}, {"finding", nullptr}, {"digest", nullptr}};
    if (verbose) j["trace"] = conversation_text(r.events);
    j["repeat"] = repeat;
    j["same_digest"] = r.same_digest;
    if (r.finding) {
      j["finding"] = json::parse(watch::to_json(*r.finding));
      j["digest"] = hex(r.finding->digest);
      return j;
    }
    j["digest"] = hex(r.result.digest);
    j["frames_in"] = r.result.frames_in;
    j["frames_out"] = r.result.frames_out;
    j["virtual_ms"] = r.result.ms;
    return j;
  }

  void print(const std::string &file, const scenario &s, const run_report &r) const {
    for (const std::string &line : conversation_text(r.events)) printf("%s\n", line.c_str());
    if (r.finding) {
      printf("%s: %zu ops, FOUND %s%s\n%s", file.c_str(), s.size(), r.finding->kind.c_str(),
             r.same_digest ? "" : ", NOT THE SAME EACH TIME", full_report(*r.finding, s).c_str());
      return;
    }
    printf("%s: digest %s, %zu ops, %u frames in, %u out, %.1f s of virtual time%s\n", file.c_str(),
           hex(r.result.digest).c_str(), s.size(), r.result.frames_in, r.result.frames_out,
           double(r.result.ms) / 1000, r.same_digest ? ", nothing found" : ", DIGESTS DIFFER");
  }
};

struct minimize_command : input_flags {
  std::string file, out;

  int operator()() const {
    scenario s;
    if (!read(file, &s)) return 2;
    run_options o = run();
    run_report r = run_isolated(s, o);
    if (!r.finding) return refuse(file, "nothing found, so there is nothing to keep");
    scenario least =
        minimize(s, r.finding->signature, o, [&](size_t left) { show_progress(left, s.size()); });
    fprintf(stderr, "\n");
    std::string text = "// signature: " + r.finding->signature + "\n" + to_script(least);
    if (!write_file(out, text)) return 2;
    printf("%s: %zu of %zu ops, signature %s\n", out.c_str(), least.size(), s.size(),
           r.finding->signature.c_str());
    return 0;
  }
};

struct bundle_command : input_flags {
  std::string file, folder, program = "kyufuzz";

  int operator()() const {
    bundle_request q;
    if (!read(file, &q.ops)) return 2;
    if (!read_file(file, &q.input)) return refuse(file, "cannot be read");
    q.folder = folder;
    q.program = program;
    q.options = run();
    size_t before = q.ops.size();
    q.progress = [before](size_t left) { show_progress(left, before); };
    if (std::error_code e; std::filesystem::exists(folder, e)) return refuse(folder, "exists already");
    bundle_result r = make_bundle(q);
    fprintf(stderr, "\n");
    if (!r.error.empty()) return refuse(folder, r.error);
    if (!r.finding) return refuse(file, "nothing found, so there is nothing to bundle");
    printf("%s: %zu of %zu ops, signature %s\n", folder.c_str(), r.ops, before, r.finding->signature.c_str());
    return 0;
  }
};

}  // namespace

void add_run(CLI::App &app, int *status) {
  CLI::App *cmd = app.add_subcommand("run", "Replay scenarios; digest, ops, frames, findings");
  auto c = std::make_shared<run_command>();
  cmd->add_option("file", c->files, "Scenarios, as scripts or in binary form")->required();
  cmd->add_option("--repeat", c->repeat, "Run each so many times; the digests must be equal")
      ->capture_default_str()
      ->check(CLI::Range(1u, 100000000u));
  cmd->add_flag("--json", c->as_json, "One JSON array for all files");
  cmd->add_flag("-v,--verbose", c->verbose, "Show the conversation");
  cmd->add_flag("--sanitizer-log", c->sanitizer_log, "Show the sanitizers' own reports too");
  c->add_to(*cmd);
  cmd->callback([c, status] { *status = (*c)(); });
}

void add_show(CLI::App &app, int *status) {
  CLI::App *cmd = app.add_subcommand("show", "Print a scenario as a script");
  auto file = std::make_shared<std::string>();
  auto c = std::make_shared<input_flags>();
  cmd->add_option("file", *file, "A scenario")->required();
  c->add_to(*cmd);
  cmd->callback([file, c, status] {
    scenario s;
    *status = c->read(*file, &s) ? 0 : 2;
    printf("%s", to_script(s).c_str());
  });
}

void add_assemble(CLI::App &app, int *status) {
  CLI::App *cmd = app.add_subcommand("assemble", "Compile a script to the binary form");
  struct arguments {
    std::string script, out;
    bool raw = false;
  };
  auto a = std::make_shared<arguments>();
  cmd->add_option("script", a->script, "A script")->required();
  cmd->add_option("-o,--output", a->out, "The file to write")->required();
  cmd->add_flag("--raw", a->raw, "Only what its peers send to the servers of fuzz_packet, as raw frames");
  cmd->callback([a, status] {
    scenario s;
    *status = 2;
    if (!read_scenario(a->script, &s)) return;
    std::vector<uint8_t> bytes = encode(a->raw ? record_raw(s) : s);
    if (write_file(a->out, std::string(bytes.begin(), bytes.end()))) *status = 0;
  });
}

void add_minimize(CLI::App &app, int *status) {
  CLI::App *cmd = app.add_subcommand("minimize", "Remove what a finding does not need");
  auto c = std::make_shared<minimize_command>();
  cmd->add_option("file", c->file, "A scenario with a finding")->required();
  cmd->add_option("-o,--output", c->out, "The script to write")->required();
  c->add_to(*cmd);
  cmd->callback([c, status] { *status = (*c)(); });
}

void add_bundle(CLI::App &app, int *status) {
  CLI::App *cmd =
      app.add_subcommand("bundle", "Minimise a finding and put all that belongs to it in a folder");
  auto c = std::make_shared<bundle_command>();
  cmd->add_option("file", c->file, "A scenario with a finding")->required();
  cmd->add_option("-o,--output", c->folder, "The folder to make")->required();
  cmd->add_option("--program", c->program, "How the report says to replay it")->capture_default_str();
  c->add_to(*cmd);
  cmd->callback([c, status] { *status = (*c)(); });
}

}  // namespace kyu::fuzz
