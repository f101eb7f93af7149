#include "watch/symbolize.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>

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

std::vector<frame> frames_of(const nlohmann::json &address) {
  std::vector<frame> out;
  for (const auto &symbol : address.value("Symbol", nlohmann::json::array())) {
    frame f{bare_name(symbol.value("FunctionName", "")), source_path(symbol.value("FileName", "")),
            symbol.value("Line", 0)};
    if (!f.function.empty()) out.push_back(f);
  }
  return out;
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

}  // namespace kyu::watch
