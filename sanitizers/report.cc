// A finding as text, for people. The order is: what, where, who did it before.
#include "watch/finding.h"

#include <algorithm>

namespace kyu::watch {

namespace {

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

}  // namespace

std::string to_text(const finding &f) {
  std::string out = "\n==== kyufuzz: " + f.kind + " ====\n  " + f.summary + "\n";
  out += "  at " + where_text(f.op, f.ms, f.thread) + "\n";
  if (!f.stack.empty()) out += "\n  Who:\n" + stack_text(f.stack, "    ");
  if (!f.life.empty()) out += life_text(f);
  for (const std::string &r : f.remarks) out += "\n  " + r + "\n";
  return out + "\n  signature: " + f.signature + "\n";
}

}  // namespace kyu::watch
