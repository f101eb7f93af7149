// Names of functions that are the same on every target, and what of a call stack says something about a
// defect.
#include "watch/symbolize.h"

#include <algorithm>
#include <iterator>

namespace kyu::watch {

namespace {

bool own_code(const frame &f) {
  static constexpr std::string_view plumbing[] = {
      "pool_",    "m_free",    "queue",     "bsd_panic", "mbuf_ptr",   "bytes",
      "be16",     "be32",      "so_set",    "so_clear",  "min_of",     "max_of",
      "operator", "intotcpcb", "sotoinpcb", "sototcpcb", "tcp_socket", "tcp_stack"};
  if (f.file.rfind("stack/", 0) != 0 || f.function.find('~') != f.function.npos) return false;
  return std::none_of(std::begin(plumbing), std::end(plumbing), [&](std::string_view p) {
    return std::string_view(f.function).substr(0, p.size()) == p;
  });
}

}  // namespace

std::string bare_name(std::string_view name) {
  std::string flat;
  int depth = 0;
  for (char c : name) {
    if (c == '<' || c == '(') ++depth;
    if (depth == 0) flat += c;
    if (c == '>' || c == ')') --depth;
  }
  while (!flat.empty() && flat.back() == ' ') flat.pop_back();
  // A template's name has its return type in front.
  if (size_t type = flat.find_last_of(" *&"); type != std::string::npos) flat.erase(0, type + 1);
  size_t anonymous;
  while ((anonymous = flat.find("::::")) != std::string::npos) flat.erase(anonymous, 2);
  if (size_t at = flat.rfind("::"); at != std::string::npos) {
    size_t before = flat.rfind("::", at - 1);
    std::string scope = flat.substr(before == std::string::npos ? 0 : before + 2);
    bool free_function = scope.rfind("kyu::", 0) == 0 || before == std::string::npos;
    flat = free_function ? flat.substr(at + 2) : scope;
  }
  return flat;
}

std::string source_path(const std::string &file) {
  for (const char *folder : {"/stack/", "/sanitizers/", "/fuzz/", "/board/"})
    if (size_t at = file.rfind(folder); at != std::string::npos) return file.substr(at + 1);
  return file;
}

std::vector<frame> symbolize(const callstack &s) { return symbolize_all({s})[0]; }

std::string own_frames(const std::vector<frame> &frames, int n) {
  std::string out;
  for (const frame &f : frames) {
    if (n == 0) break;
    if (!own_code(f)) continue;
    out += (out.empty() ? "" : "<") + f.function;
    --n;
  }
  return out;
}

}  // namespace kyu::watch
