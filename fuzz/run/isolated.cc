#include "run/isolated.h"

#include "run/child.h"

#include <nlohmann/json.hpp>

#include <sstream>

namespace kyu::fuzz {

namespace {

std::string line_of(const outcome &o, bool same) {
  nlohmann::json j = {{"digest", o.digest},
                      {"ops", o.ops},
                      {"frames_in", o.frames_in},
                      {"frames_out", o.frames_out},
                      {"ms", o.ms},
                      {"same", same},
                      {"cells", {o.cells.met, o.cells.amid, o.cells.together}}};
  return j.dump();
}

// False: it is no line of an outcome.
bool take_outcome(const std::string &line, run_report *report) {
  auto j = nlohmann::json::parse(line, nullptr, false);
  if (!j.is_object()) return false;
  report->result = {j["digest"], j["ops"], j["frames_in"], j["frames_out"], j["ms"], {}};
  tcp_cells &cells = report->result.cells;
  j["cells"][0].get_to(cells.met);
  j["cells"][1].get_to(cells.amid);
  j["cells"][2].get_to(cells.together);
  report->same_digest = j["same"];
  return true;
}

// The child's messages: the conversation's events, a line for each, and at last one object. It keeps one
// world for its life: making one costs more than most scenarios.
void replay(const scenario &ops, const run_options &o) {
  hang_after(o.seconds);
  world w(o.world);
  outcome first, last;
  bool same = true;
  recorder r(tell_parent);
  for (uint32_t i = 0; i < o.repeat; ++i) {
    last = w.run(ops, o.record && i == 0 ? &r : nullptr);
    if (i == 0) first = last;
    same = same && first.digest == last.digest;
  }
  tell_parent(line_of(last, same));
}

// Moves the events out of the child's messages.
void take_events(std::string &text, run_report &report) {
  size_t at = 0;
  for (size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    std::optional<event> e = event_from(text.substr(at, end - at));
    if (!e) break;
    report.events.push_back(std::move(*e));
  }
  text.erase(0, at);
}

run_report run_once(const scenario &ops, const run_options &o) {
  run_report report;
  child_end end = run_child(o.quiet, [&] { replay(ops, o); });
  take_events(end.said, report);
  report.finding = std::move(end.finding);
  if (!report.finding) take_outcome(end.said, &report);
  return report;
}

bool same_finding(const run_report &a, const run_report &b) {
  return a.finding && b.finding && a.finding->signature == b.finding->signature &&
         a.finding->digest == b.finding->digest && a.finding->op == b.finding->op;
}

}  // namespace

// A repetition that ends in a finding ends its process: the next one has another.
run_report run_isolated(const scenario &ops, const run_options &o) {
  run_report first = run_once(ops, o);
  if (!first.finding) return first;
  run_options once = o;
  once.repeat = 1;
  once.record = false;
  for (uint32_t i = 1; i < o.repeat && first.same_digest; ++i)
    first.same_digest = same_finding(first, run_once(ops, once));
  return first;
}

void run_in_turn(const std::vector<scenario> &all, const run_options &o,
                 const std::function<void(size_t, const run_report &)> &ended) {
  for (size_t at = 0; at < all.size();) {
    child_end end = run_child(o.quiet, [&] {
      world w(o.world);
      for (size_t i = at; i < all.size(); ++i) {
        hang_after(o.seconds);
        tell_parent(line_of(w.run(all[i]), true) + "\n");
      }
    });
    std::istringstream lines(end.said);
    for (std::string line; at < all.size() && std::getline(lines, line); ++at) {
      run_report r;
      if (!take_outcome(line, &r)) break;
      ended(at, r);
    }
    if (at == all.size()) return;
    run_report last;
    last.finding = std::move(end.finding);
    ended(at++, last);
  }
}

}  // namespace kyu::fuzz
