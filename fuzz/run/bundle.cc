#include "run/bundle.h"

#include "run/minimize.h"
#include "run/pcapng.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace kyu::fuzz {

namespace fs = std::filesystem;

namespace {

void put(const fs::path &path, const std::string &text) {
  std::ofstream out(path, std::ios::binary);
  out.exceptions(std::ios::failbit | std::ios::badbit);
  out << text;
  out.close();
}

std::string as_text(const std::vector<uint8_t> &bytes) { return {bytes.begin(), bytes.end()}; }

std::string header(const watch::finding &f) {
  return "// " + f.summary + "\n// signature: " + f.signature + "\n\n";
}

std::string report_json(const bundle_request &q, const run_report &r, const scenario &least) {
  nlohmann::json j = nlohmann::json::parse(watch::to_json(*r.finding));
  j["conversation"] = conversation_json(r.events);
  j["script"] = to_script(least);
  j["ops"] = least.size();
  j["ops_before_minimizing"] = q.ops.size();
  j["replay"] = q.program + " run minimized.scenario";
  return j.dump(2) + "\n";
}

void write_all(const fs::path &dir, const bundle_request &q, const run_report &r, const scenario &least) {
  const watch::finding &f = *r.finding;
  fs::create_directories(dir);
  put(dir / "conversation.pcapng", pcapng_of(r.events, least, &f));
  put(dir / "input", q.input);
  put(dir / "script.scenario", header(f) + to_script(q.ops));
  put(dir / "minimized", as_text(encode(least)));
  put(dir / "minimized.scenario", header(f) + to_script(least));
  put(dir / "report.txt",
      full_report(f, least) + "\n  Replay:\n    " + q.program + " run minimized.scenario\n");
  put(dir / "report.json", report_json(q, r, least));
}

}  // namespace

std::string full_report(const watch::finding &f, const scenario &ops) {
  std::string out = watch::to_text(f) + "\n  Scenario:\n";
  for (size_t i = 0; i < ops.size(); ++i) {
    std::string number = std::to_string(i);
    number.resize(std::max<size_t>(number.size(), 4), ' ');
    out += (f.op == int32_t(i) ? "  > op " : "    op ") + number + to_line(ops[i]) + "\n";
  }
  if (f.op >= int32_t(ops.size())) out += "  > then everything is closed, and time passes\n";
  return out;
}

bundle_result make_bundle(const bundle_request &q) {
  bundle_result r;
  run_report found = run_isolated(q.ops, q.options);
  if (!found.finding) return r;
  scenario least = minimize(q.ops, found.finding->signature, q.options, q.progress);
  run_options recorded = q.options;
  recorded.record = true;
  run_report shown = run_isolated(least, recorded);
  r.finding = shown.finding;
  if (!r.finding) return r;
  r.ops = least.size();
  fs::path temporary = q.folder + ".new";
  std::error_code ignored;
  try {
    fs::remove_all(temporary);
    write_all(temporary, q, shown, least);
    fs::rename(temporary, q.folder);
  } catch (const std::exception &e) {
    r.error = e.what();
    fs::remove_all(temporary, ignored);
  }
  return r;
}

}  // namespace kyu::fuzz
