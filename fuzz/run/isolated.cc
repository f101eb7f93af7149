#include "run/isolated.h"

#include "run/child.h"

#include <nlohmann/json.hpp>

namespace kyu::fuzz {

namespace {

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
  nlohmann::json j = {{"digest", last.digest},         {"ops", last.ops}, {"frames_in", last.frames_in},
                      {"frames_out", last.frames_out}, {"ms", last.ms},   {"same", same}};
  tell_parent(j.dump());
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
  auto j = nlohmann::json::parse(end.said, nullptr, false);
  if (!report.finding && j.is_object()) {
    report.result = {j["digest"], j["ops"], j["frames_in"], j["frames_out"], j["ms"]};
    report.same_digest = j["same"];
  }
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

}  // namespace kyu::fuzz
