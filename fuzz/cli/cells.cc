// cells: which events of TCP's have met which states and circumstances.
#include "tcp/tcp_event.h"

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "triage/evidence.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

namespace kyu::fuzz {

namespace {

using nlohmann::json;

const char *state_name(int i) { return tcps_name(tcps(i)); }
const char *event_name(int i) { return tcp_event_name(tcp_event(i)); }
const char *circumstance_name(int i) { return tcp_circumstance_name(tcp_circumstance(i)); }

// In how many scenarios each of a table's cells was reached.
struct table {
  using name = const char *(*)(int);
  const char *title;
  name row, column;
  std::vector<std::vector<uint32_t>> counts;

  table(const char *called, name rows, size_t n_rows, name columns, size_t n_columns)
      : title(called), row(rows), column(columns), counts(n_rows, std::vector<uint32_t>(n_columns)) {}

  // One scenario's: a number for each row, a bit for each column; or the other way round.
  template <class Bits, size_t Rows>
  void add_rows(const Bits (&reached)[Rows]) {
    for (size_t r = 0; r < Rows; ++r)
      for (size_t c = 0; c < counts[r].size(); ++c) counts[r][c] += reached[r] >> c & 1;
  }
  template <class Bits, size_t Columns>
  void add_columns(const Bits (&reached)[Columns]) {
    for (size_t c = 0; c < Columns; ++c)
      for (size_t r = 0; r < counts.size(); ++r) counts[r][c] += reached[c] >> r & 1;
  }

  size_t size() const { return counts.size() * counts[0].size(); }
  size_t reached() const {
    size_t n = 0;
    for (const auto &of_row : counts)
      n += of_row.size() - size_t(std::count(of_row.begin(), of_row.end(), 0u));
    return n;
  }
};

json as_json(const table &t) {
  json rows = json::array(), columns = json::array();
  for (size_t r = 0; r < t.counts.size(); ++r) rows.push_back(t.row(int(r)));
  for (size_t c = 0; c < t.counts[0].size(); ++c) columns.push_back(t.column(int(c)));
  return {{"title", t.title},
          {"rows", rows},
          {"columns", columns},
          {"counts", t.counts},
          {"reached", t.reached()}};
}

void print(const table &t) {
  printf("%s\n%-16s", t.title, "");
  for (size_t c = 0; c < t.counts[0].size(); ++c) printf(" %16s", t.column(int(c)));
  printf("\n");
  for (size_t r = 0; r < t.counts.size(); ++r) {
    printf("%-16s", t.row(int(r)));
    for (uint32_t count : t.counts[r]) printf(" %16s", count > 0 ? std::to_string(count).c_str() : ".");
    printf("\n");
  }
  printf("%zu of %zu cells reached\n\n", t.reached(), t.size());
}

struct tables {
  table states{"event x state", event_name, TCP_NEVENTS, state_name, TCP_NSTATES};
  table events{"event x circumstance", event_name, TCP_NEVENTS, circumstance_name, TCP_NCIRCUMSTANCES};
  table pairs{"circumstance x circumstance", circumstance_name, TCP_NCIRCUMSTANCES, circumstance_name,
              TCP_NCIRCUMSTANCES};

  std::array<const table *, 3> all() const { return {&states, &events, &pairs}; }

  void add(const tcp_cells &cells) {
    states.add_columns(cells.met);
    events.add_rows(cells.amid);
    pairs.add_rows(cells.together);
  }
};

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
    tables all;
    size_t ended = 0;
    run_in_turn(scenarios, run(), [&](size_t, const run_report &r) {
      if (r.finding) return;
      ++ended;
      all.add(r.result.cells);
    });
    if (as_json)
      print_json(all, files.size(), ended);
    else
      print_tables(all, ended);
    return ended == files.size() ? 0 : 1;
  }

  static void print_json(const tables &all, size_t files, size_t ended) {
    json j = {{"scenarios", files}, {"findings", files - ended}, {"tables", json::array()}};
    for (const table *t : all.all()) j["tables"].push_back(fuzz::as_json(*t));
    printf("%s\n", j.dump().c_str());
  }

  static void print_tables(const tables &all, size_t ended) {
    for (const table *t : all.all()) print(*t);
    printf("by %zu scenarios\n", ended);
  }
};

}  // namespace

void add_cells(CLI::App &app, int *status) {
  CLI::App *cmd = app.add_subcommand("cells",
                                     "Count in how many scenarios each event has met each state of TCP, and "
                                     "in which circumstances. Exit status 1: some had findings");
  auto c = std::make_shared<cells_command>();
  cmd->add_option("path", c->paths, "Scenarios, and folders of them")->required();
  cmd->add_flag("--json", c->as_json, "As JSON");
  c->add_to(*cmd);
  cmd->callback([c, status] { *status = (*c)(); });
}

}  // namespace kyu::fuzz
