#include "watch/symbolize.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <csignal>
#include <link.h>
#include <unistd.h>

namespace kyu::watch {

namespace {

// Where the program itself was loaded: the first object that the loader lists.
uintptr_t load_base() {
  uintptr_t base = 0;
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *out) {
        *static_cast<uintptr_t *>(out) = info->dlpi_addr;
        return 1;
      },
      &base);
  return base;
}

std::string program_path() {
  std::array<char, 4096> buf{};
  ssize_t n = readlink("/proc/self/exe", buf.data(), buf.size() - 1);
  return n > 0 ? std::string(buf.data(), size_t(n)) : "";
}

// One symbolizer for the life of the process and its children: loading the debug information is
// what costs. Addresses go in, a line of JSON comes out for each.
class symbolizer_process {
 public:
  symbolizer_process() {
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0) return;
    pid_t pid = fork();
    if (pid == 0) {
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      for (int fd : {in[0], in[1], out[0], out[1]}) close(fd);
      std::string obj = "--obj=" + program_path();
      execlp("llvm-symbolizer-19", "llvm-symbolizer-19", "--output-style=JSON", "--inlines", obj.c_str(),
             nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_ = fdopen(in[1], "w");
    from_ = fdopen(out[0], "r");
  }

  std::string ask(uintptr_t address) {
    if (to_ == nullptr || from_ == nullptr) return "";
    fprintf(to_, "0x%llx\n", static_cast<unsigned long long>(address));
    fflush(to_);
    char *line = nullptr;
    size_t room = 0;
    ssize_t n = getline(&line, &room, from_);
    std::string out(line != nullptr && n > 0 ? line : "");
    free(line);
    return out;
  }

 private:
  FILE *to_ = nullptr, *from_ = nullptr;
};

symbolizer_process &the_symbolizer() {
  signal(SIGPIPE, SIG_IGN);
  static symbolizer_process p;
  return p;
}

// Drops namespace, arguments and template arguments, so that a name is the same on every target.
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

// Paths begin at one of the project's own folders; a copy with a seeded bug has the same names.
std::string source_path(const std::string &file) {
  for (const char *folder : {"/stack/", "/sanitizers/", "/fuzz/", "/board/"})
    if (size_t at = file.rfind(folder); at != std::string::npos) return file.substr(at + 1);
  return file;
}

std::vector<frame> frames_of(const nlohmann::json &address) {
  std::vector<frame> out;
  for (const auto &symbol : address.value("Symbol", nlohmann::json::array())) {
    frame f{bare_name(symbol.value("FunctionName", "")), source_path(symbol.value("FileName", "")),
            symbol.value("Line", 0)};
    if (!f.function.empty()) out.push_back(f);
  }
  return out;
}

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

void warm_up_symbolizer() { the_symbolizer().ask(0); }

std::vector<std::vector<frame>> symbolize_all(const std::vector<callstack> &stacks) {
  std::vector<std::vector<frame>> out;
  uintptr_t base = load_base();
  for (const callstack &s : stacks) {
    auto &frames = out.emplace_back();
    for (int i = 0; i < max_frames && s.pc[i] != 0; ++i) {
      auto json = nlohmann::json::parse(the_symbolizer().ask(s.pc[i] - base), nullptr, false);
      if (!json.is_object()) continue;
      std::vector<frame> here = frames_of(json);
      frames.insert(frames.end(), here.begin(), here.end());
    }
  }
  return out;
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
