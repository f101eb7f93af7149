#include "triage/builds.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace kyu::fuzz {

namespace fs = std::filesystem;

std::vector<replay_build> builds_beside(const std::string &program) {
  std::vector<replay_build> all{{program, ""}};
  fs::path path(program);
  std::string prefix = path.filename().string() + ".";
  std::error_code none;
  for (const auto &entry : fs::directory_iterator(path.parent_path(), none)) {
    std::string name = entry.path().filename().string();
    bool runs = name.starts_with(prefix) && access(entry.path().c_str(), X_OK) == 0;
    if (runs && entry.is_regular_file(none))
      all.push_back({entry.path().string(), name.substr(prefix.size())});
  }
  std::sort(all.begin() + 1, all.end(), [](const auto &a, const auto &b) { return a.bug < b.bug; });
  return all;
}

std::optional<std::string> output_of(const std::vector<std::string> &command, int *status) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return std::nullopt;
  std::vector<char *> argv;
  for (const std::string &a : command) argv.push_back(const_cast<char *>(a.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(fds[1]);
  std::string out;
  char buf[65536];
  for (ssize_t n = 1; failed == 0 && n != 0;) {
    n = read(fds[0], buf, sizeof buf);
    if (n > 0) out.append(buf, size_t(n));
    if (n < 0 && errno != EINTR) break;
  }
  close(fds[0]);
  if (failed != 0) return std::nullopt;
  int how = 0;
  waitpid(pid, &how, 0);
  *status = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
  return out;
}

std::vector<std::optional<watch::finding>> replay_all(const replay_build &build, const std::string &target,
                                                      const std::vector<std::string> &files,
                                                      uint32_t seconds) {
  if (files.empty()) return {};
  std::vector<std::string> command{build.program, "run", "--json", "--target", target};
  command.insert(command.end(), {"--timeout", std::to_string(seconds), "--"});
  command.insert(command.end(), files.begin(), files.end());
  int status = 0;
  std::optional<std::string> said = output_of(command, &status);
  if (!said) return {};
  auto runs = nlohmann::json::parse(*said, nullptr, false);
  if (!runs.is_array() || runs.size() != files.size()) return {};
  std::vector<std::optional<watch::finding>> out;
  for (const auto &r : runs) {
    const auto &f = r["finding"];
    out.push_back(f.is_null() ? std::nullopt : watch::finding_from_json(f.dump()));
  }
  return out;
}

}  // namespace kyu::fuzz
