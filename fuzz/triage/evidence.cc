#include "triage/evidence.h"

#include "scenario/file.h"
#include "triage/text_reports.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

namespace kyu::fuzz {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

bool is_text(const std::string &content) { return content.find('\0') == std::string::npos; }

// As no input is but by chance: letters, blanks and the bytes of UTF-8.
bool is_prose(const std::string &content) {
  auto readable = [](unsigned char c) {
    return c >= ' ' || c == '\n' || c == '\r' || c == '\t' || c == 0x1b;
  };
  constexpr size_t hardly_chance = 8;
  return content.size() >= hardly_chance && std::all_of(content.begin(), content.end(), readable);
}

// libFuzzer: crash-, timeout-, oom- and a hash; AFL++: id:000001,sig:06,...
std::string engine_by_name(const std::string &name) {
  std::string base = fs::path(name).filename().string();
  if (base.starts_with("id:")) return "afl";
  for (const char *prefix : {"crash-", "timeout-", "oom-", "leak-", "slow-unit-"})
    if (base.starts_with(prefix)) return "libfuzzer";
  return "";
}

// What ci/gate leaves: signatures, by build and by script.
std::vector<watch::finding> of_gate(const json &j) {
  std::vector<watch::finding> out;
  for (const auto &[build, scripts] : j["findings"].items())
    for (const auto &[script, signature] : scripts.items()) {
      watch::finding f;
      f.signature = signature.get<std::string>();
      f.kind = f.signature.substr(0, f.signature.find(':'));
      f.summary = script + " in " + build;
      out.push_back(std::move(f));
    }
  return out;
}

bool take_json(const std::string &content, evidence *e) {
  if (content[0] != '{') return false;
  json j = json::parse(content, nullptr, false);
  if (!j.is_object()) return false;
  if (j.contains("verdict") && j.contains("findings") && j["findings"].is_object()) {
    e->engine = "gate";
    e->findings = of_gate(j);
    if (e->findings.empty()) e->unusable = "a gate's result without findings";
    return true;
  }
  auto f = watch::finding_from_json(content);
  if (f && !f->signature.empty())
    e->findings.push_back(std::move(*f));
  else
    e->unusable = "JSON without a finding";
  return true;
}

evidence unusable(const std::string &why) {
  evidence e;
  e.unusable = why;
  return e;
}

}  // namespace

evidence examine(const std::string &name, const std::string &content) try {
  if (content.empty()) return unusable("empty");
  bool text = is_text(content);
  if (content.size() > (text ? max_report_bytes : max_input_bytes))
    return unusable(std::to_string(content.size()) + " bytes, which no input has");
  evidence e;
  e.engine = engine_by_name(name);
  if (text && take_json(content, &e)) return e;
  if (e.findings = findings_in_text(content); !e.findings.empty()) {
    bool board = content.find("Called from ") != std::string::npos;
    if (e.engine.empty()) e.engine = board ? "board" : "sanitizer";
    return e;
  }
  if (content.size() > max_input_bytes)
    return unusable(std::to_string(content.size()) + " bytes of text without a finding");
  bool script = name.ends_with(".scenario");
  if (!script && e.engine.empty() && is_prose(content)) return unusable("text without a finding");
  if (!script) return e;
  scenario ops;
  std::string error;
  return scenario_from(name, content, &ops, &error) ? e : unusable("no script: " + error);
} catch (const json::exception &) {
  return unusable("JSON of another shape");
}

std::vector<std::string> files_among(const std::vector<std::string> &paths, const std::string &but,
                                     std::string *missing) {
  std::vector<std::string> out;
  std::error_code none;
  fs::path left_out = fs::weakly_canonical(but, none);
  for (const std::string &p : paths) {
    if (!fs::exists(p, none)) {
      *missing = p;
      return {};
    }
    if (!fs::is_directory(p, none)) {
      out.push_back(p);
      continue;
    }
    auto at = fs::recursive_directory_iterator(p, fs::directory_options::skip_permission_denied, none);
    for (; at != fs::recursive_directory_iterator(); at.increment(none)) {
      const fs::path &here = at->path();
      if (at->is_directory(none) && fs::weakly_canonical(here, none) == left_out)
        at.disable_recursion_pending();
      bool bundle = at->is_directory(none) && fs::exists(here / "report.json", none) &&
                    fs::exists(here / "input", none);
      if (bundle) {
        out.push_back((here / "input").string());
        at.disable_recursion_pending();
      }
      if (at->is_regular_file(none)) out.push_back(here.string());
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace kyu::fuzz
