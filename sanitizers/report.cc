// A finding as text for people and as JSON for programs. The order is: what, where, who did it
// before.
#include "watch/finding.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace kyu::watch {

namespace {

using nlohmann::json;

std::string where_text(int32_t op, uint64_t ms, const std::string &thread) {
  std::string at = op < 0 ? "" : "op " + std::to_string(op) + ", ";
  return at + std::to_string(ms) + " ms, " + thread;
}

std::string stack_text(const std::vector<frame> &frames, const std::string &indent) {
  std::string out;
  for (const frame &f : frames) {
    if (f.file.rfind("stack/", 0) != 0) continue;
    out += indent + f.function + "  " + f.file + ":" + std::to_string(f.line) + "\n";
  }
  return out;
}

std::string short_stack(const std::vector<frame> &frames) {
  std::string out;
  int left = 5;
  for (const frame &f : frames) {
    if (f.file.rfind("stack/", 0) != 0 || f.function.rfind("pool_", 0) == 0) continue;
    if (left-- == 0) break;
    out += (out.empty() ? "" : " < ") + f.function;
  }
  return out;
}

std::string pad(std::string s, size_t width) {
  s.resize(std::max(width, s.size()), ' ');
  return s;
}

std::string life_text(const finding &f) {
  std::string out = "\n  Life of " + f.object + ":\n";
  for (const life_event &e : f.life) {
    std::string op = e.op < 0 ? "-" : std::to_string(e.op);
    out += std::string(e.suspicious ? "  >" : "   ") + " op " + pad(op, 4) + pad(e.thread, 12) +
           pad(e.what, 34) + " " + short_stack(e.stack) + "\n";
  }
  return out;
}

json frames_json(const std::vector<frame> &frames) {
  json out = json::array();
  for (const frame &f : frames) out.push_back({{"function", f.function}, {"file", f.file}, {"line", f.line}});
  return out;
}

std::vector<frame> frames_from(const json &j) {
  std::vector<frame> out;
  for (const auto &f : j) out.push_back({f.value("function", ""), f.value("file", ""), f.value("line", 0)});
  return out;
}

}  // namespace

std::string to_text(const finding &f) {
  std::string out = "\n==== kyufuzz: " + f.kind + " ====\n  " + f.summary + "\n";
  out += "  at " + where_text(f.op, f.ms, f.thread) + "\n";
  if (!f.stack.empty()) out += "\n  Who:\n" + stack_text(f.stack, "    ");
  if (!f.life.empty()) out += life_text(f);
  for (const std::string &r : f.remarks) out += "\n  " + r + "\n";
  return out + "\n  signature: " + f.signature + "\n";
}

std::string to_json(const finding &f) {
  json life = json::array();
  for (const life_event &e : f.life)
    life.push_back({{"event", e.number},
                    {"op", e.op},
                    {"ms", e.ms},
                    {"thread", e.thread},
                    {"what", e.what},
                    {"stack", frames_json(e.stack)},
                    {"suspicious", e.suspicious}});
  json j = {{"kind", f.kind},
            {"summary", f.summary},
            {"signature", f.signature},
            {"object", f.object},
            {"field", f.field},
            {"access", f.access},
            {"op", f.op},
            {"ms", f.ms},
            {"thread", f.thread},
            {"stack", frames_json(f.stack)},
            {"life", life},
            {"remarks", f.remarks}};
  return j.dump();
}

std::optional<finding> finding_from_json(const std::string &text) {
  json j = json::parse(text, nullptr, false);
  if (!j.is_object() || !j.contains("signature")) return std::nullopt;
  finding f{j.value("kind", ""),
            j.value("summary", ""),
            j.value("signature", ""),
            j.value("object", ""),
            j.value("field", ""),
            j.value("access", ""),
            j.value("op", -1),
            j.value("ms", uint64_t(0)),
            j.value("thread", ""),
            frames_from(j.value("stack", json::array())),
            {},
            {}};
  for (const auto &e : j.value("life", json::array()))
    f.life.push_back({e.value("event", uint64_t(0)), e.value("op", -1), e.value("ms", uint64_t(0)),
                      e.value("thread", ""), e.value("what", ""),
                      frames_from(e.value("stack", json::array())), e.value("suspicious", false)});
  f.remarks = j.value("remarks", std::vector<std::string>{});
  return f;
}

}  // namespace kyu::watch
