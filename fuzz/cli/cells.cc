// cells: which events of TCP's have met which states.
#include "tcp/tcp_event.h"

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "triage/evidence.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <memory>

namespace kyu::fuzz {

namespace {

using nlohmann::json;

// In how many scenarios each cell was reached.
using counts = std::array<std::array<uint32_t, TCP_NEVENTS>, TCP_NSTATES>;

struct cells_command : input_flags {
  std::vector<std::string> paths;
  bool as_json = false;

  int operator()() const {
    std::string missing;
    std::vector<std::string> files = files_among(paths, "", &missing);
    if (!missing.empty()) return refuse(missing, "does not exist");
    std::vector<scenario> scenarios(files.size());
    for (size_t i = 0; i < files.size(); ++i)
      if (!read(files[i], &scenarios[i])) return 2;
    counts all{};
    size_t ended = 0;
    run_in_turn(scenarios, run(), [&](size_t, const run_report &r) {
      if (r.finding) return;
      ++ended;
      add(r.result.cells, &all);
    });
    if (as_json)
      print_json(all, files.size(), ended);
    else
      print_table(all, ended);
    return ended == files.size() ? 0 : 1;
  }

  static void add(const tcp_cells &cells, counts *all) {
    for (int s = 0; s < TCP_NSTATES; ++s)
      for (int e = 0; e < TCP_NEVENTS; ++e) (*all)[size_t(s)][size_t(e)] += cells.has(tcps(s), tcp_event(e));
  }

  static size_t reached(const counts &all) {
    size_t n = 0;
    for (const auto &row : all)
      for (uint32_t count : row) n += count > 0;
    return n;
  }

  static void print_json(const counts &all, size_t files, size_t ended) {
    json states = json::array(), events = json::array();
    for (int s = 0; s < TCP_NSTATES; ++s) states.push_back(tcps_name(tcps(s)));
    for (int e = 0; e < TCP_NEVENTS; ++e) events.push_back(tcp_event_name(tcp_event(e)));
    json j = {{"scenarios", files}, {"findings", files - ended}, {"states", states}, {"events", events},
              {"counts", all},      {"reached", reached(all)}};
    printf("%s\n", j.dump().c_str());
  }

  static void print_table(const counts &all, size_t ended) {
    printf("%-12s", "");
    for (int s = 0; s < TCP_NSTATES; ++s) printf(" %12s", tcps_name(tcps(s)));
    printf("\n");
    for (int e = 0; e < TCP_NEVENTS; ++e) {
      printf("%-12s", tcp_event_name(tcp_event(e)));
      for (const auto &row : all) {
        std::string n = row[size_t(e)] > 0 ? std::to_string(row[size_t(e)]) : ".";
        printf(" %12s", n.c_str());
      }
      printf("\n");
    }
    printf("%zu of %d cells reached by %zu scenarios\n", reached(all), TCP_NSTATES * TCP_NEVENTS, ended);
  }
};

}  // namespace

void add_cells(CLI::App &app, int *status) {
  CLI::App *cmd = app.add_subcommand(
      "cells",
      "Count in how many scenarios each event has met each state of TCP. Exit status 1: some had findings");
  auto c = std::make_shared<cells_command>();
  cmd->add_option("path", c->paths, "Scenarios, and folders of them")->required();
  cmd->add_flag("--json", c->as_json, "As JSON");
  c->add_to(*cmd);
  cmd->callback([c, status] { *status = (*c)(); });
}

}  // namespace kyu::fuzz
