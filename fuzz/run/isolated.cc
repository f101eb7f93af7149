#include "run/isolated.h"

#include "run/child.h"

#include <nlohmann/json.hpp>

namespace kyu::fuzz {

namespace {

// The child's messages: lines of the trace, each with T in front, and at last one object.
void tell_trace(const std::string &line) { tell_parent("T" + line + "\n"); }

// The child keeps one world for its life: making one costs more than most scenarios.
void replay(const scenario &ops, const run_options &o) {
  hang_after(o.seconds);
  world w(o.world);
  outcome first, last;
  bool same = true;
  trace t(tell_trace);
  for (uint32_t i = 0; i < o.repeat; ++i) {
    last = w.run(ops, o.trace && i == 0 ? &t : nullptr);
    if (i == 0) first = last;
    same = same && first.digest == last.digest;
  }
  nlohmann::json j = {{"digest", last.digest},         {"ops", last.ops}, {"frames_in", last.frames_in},
                      {"frames_out", last.frames_out}, {"ms", last.ms},   {"same", same}};
  tell_parent(j.dump());
}

// Moves the lines of the trace out of the child's messages.
void take_trace(std::string &text, run_report &report) {
  size_t at = 0;
  for (size_t end; at < text.size() && text[at] == 'T' && (end = text.find('\n', at)) != std::string::npos;) {
    report.trace.push_back(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  text.erase(0, at);
}

run_report run_once(const scenario &ops, const run_options &o) {
  run_report report;
  child_end end = run_child(o.quiet, [&] { replay(ops, o); });
  take_trace(end.said, report);
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
  once.trace = false;
  for (uint32_t i = 1; i < o.repeat && first.same_digest; ++i)
    first.same_digest = same_finding(first, run_once(ops, once));
  return first;
}

}  // namespace kyu::fuzz
