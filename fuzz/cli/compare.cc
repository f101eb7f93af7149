// compare: a scenario against Linux and against ours, and where the two part.
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/side_by_side.h"
#include "compare/accepted.h"
#include "compare/linux_world.h"
#include "compare/partings.h"
#include "run/isolated.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>

namespace kyu::fuzz {

namespace {

using nlohmann::json;

const char *how_text(parting::how h) {
  switch (h) {
    case parting::how::only_ours: return "ours alone";
    case parting::how::only_linux: return "Linux alone";
    case parting::how::ours_later: return "ours later";
    case parting::how::linux_later: return "Linux later";
    case parting::how::other_result: return "another result";
  }
  return "";
}

struct compare_command {
  std::vector<std::string> files;
  uint32_t patience = 90, jobs = 1;
  bool as_json = false, verbose = false, list = false;

  int operator()() const {
    if (list) return show_accepted();
    if (files.empty()) return refuse("compare", "no scenario is named; see --help");
    json all = json::array();
    auto take = [&](size_t, const std::string &text) {
      if (as_json && !text.empty()) all.push_back(json::parse(text));
      if (!as_json) fputs(text.c_str(), stdout);
      fflush(stdout);
    };
    int status = side_by_side(files.size(), jobs, [this](size_t i) { return one(files[i]); }, take);
    if (status > 1) return 2;
    if (as_json) printf("%s\n", all.dump(1).c_str());
    return status;
  }

  int one(const std::string &file) const {
    scenario ops;
    if (!read_scenario(file, &ops)) return 2;
    std::string left_out = why_not(ops);
    if (left_out.empty()) return compare(file, ops);
    tell_left_out(file, left_out);
    return 0;
  }

  static int show_accepted() {
    std::set<std::string> said;  // several calls may have one reason
    for (const accepted *a : all_accepted())
      if (said.insert(a->why).second) printf("%s\n    %s\n", a->why, a->source);
    return 0;
  }

  std::string why_not(const scenario &ops) const {
    if (std::string why = not_for_linux(ops); !why.empty()) return why;
    uint64_t ms = 0;
    for (const op &o : ops)
      if (o.code == opcode::wait) ms += uint64_t(o.arg[0]);
    if (ms <= uint64_t(patience) * 1000) return "";
    return "it takes " + std::to_string(ms / 1000) + " s, which --patience has to allow";
  }

  void tell_left_out(const std::string &file, const std::string &why) const {
    if (as_json)
      tell(json({{"file", file}, {"left_out", why}}));
    else
      printf("%s: left out: %s\n", file.c_str(), why.c_str());
  }

  static void tell(const json &object) { fputs(object.dump().c_str(), stdout); }

  int compare(const std::string &file, const scenario &ops) const {
    run_options o;
    o.record = true;
    o.world.oracles = oracle_set::none();  // here Linux is the judge
    run_report ours = run_isolated(ops, o);
    if (ours.finding) return refuse(file, "our stack does not get to the end: " + ours.finding->signature);
    linux_run theirs = run_against_linux(ops);
    if (!theirs.error.empty()) return refuse("compare", theirs.error);
    std::vector<parting> found =
        partings_of(ops, meaning_of(ops, ours.events), meaning_of(ops, theirs.events));
    size_t unexplained =
        size_t(std::count_if(found.begin(), found.end(), [](const parting &p) { return p.why == nullptr; }));
    if (as_json)
      tell(to_object(file, found));
    else
      print(file, ops, found, unexplained,
            {conversation_text(ours.events), conversation_text(theirs.events)});
    return unexplained > 0 ? 1 : 0;
  }

  static json to_object(const std::string &file, const std::vector<parting> &found) {
    json parts = json::array();
    for (const parting &p : found)
      parts.push_back(
          {{"op", p.op},
           {"where", p.where},
           {"how", how_text(p.parts)},
           {"ours", p.ours},
           {"linux", p.linux_},
           {"accepted", p.why != nullptr ? json({{"why", p.why->why}, {"source", p.why->source}}) : json()}});
    return {{"file", file}, {"partings", parts}};
  }

  using two_texts = std::pair<std::vector<std::string>, std::vector<std::string>>;

  void print(const std::string &file, const scenario &ops, const std::vector<parting> &found,
             size_t unexplained, const two_texts &said) const {
    printf("%s: %zu differences, %zu of them not explained\n", file.c_str(), found.size(), unexplained);
    for (const parting &p : found) {
      if (p.why != nullptr && !verbose) continue;
      printf("  op %d, %s\n    %s, %s\n      ours:  %s\n      Linux: %s\n", p.op,
             to_line(ops[size_t(p.op)]).c_str(), p.where.c_str(), how_text(p.parts),
             p.ours.empty() ? "nothing" : p.ours.c_str(), p.linux_.empty() ? "nothing" : p.linux_.c_str());
      if (p.why != nullptr) printf("      accepted: %s (%s)\n", p.why->why, p.why->source);
    }
    if (!verbose) return;
    for (const auto *text : {&said.first, &said.second}) {
      printf("  %s:\n", text == &said.first ? "ours" : "Linux");
      for (const std::string &line : *text) printf("    %s\n", line.c_str());
    }
  }
};

}  // namespace

void add_compare(CLI::App &app, int *status) {
  CLI::App *cmd = app.add_subcommand(
      "compare", "Scripts against Linux, in a network namespace, and where ours parts from it");
  auto c = std::make_shared<compare_command>();
  cmd->add_option("file", c->files, "Scenarios");
  cmd->add_option("--patience", c->patience,
                  "Seconds of waits that a scenario may have: Linux's clock is the real one")
      ->capture_default_str();
  cmd->add_option("--jobs", c->jobs, "Scripts at a time: each waits most of its time")
      ->capture_default_str()
      ->check(CLI::Range(1u, 1000u));
  cmd->add_flag("--accepted", c->list,
                "Only list the differences that are accepted, each with what allows it");
  cmd->add_flag("--json", c->as_json, "For programs");
  cmd->add_flag("-v,--verbose", c->verbose, "Also what is accepted, with the reason, and both conversations");
  cmd->footer("Exit status: 0 all differences are explained, 1 not so, 2 it could not run.");
  cmd->callback([c, status] { *status = (*c)(); });
}

}  // namespace kyu::fuzz
