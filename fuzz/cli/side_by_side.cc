#include "cli/side_by_side.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kyu::fuzz {

namespace {

constexpr int could_not_run = 2;

struct piece {
  pid_t pid = -1;
  int printed = -1;  // a file
  bool over = false;
  int status = could_not_run;
};

piece begin(size_t i, const std::function<int(size_t)> &work) {
  piece p;
  fflush(stdout);
  p.printed = memfd_create("printed", MFD_CLOEXEC);
  if (p.printed >= 0) p.pid = fork();
  if (p.pid == 0) {
    dup2(p.printed, STDOUT_FILENO);
    int status = work(i);
    fflush(stdout);
    _exit(status);
  }
  p.over = p.pid < 0;
  return p;
}

std::string text_in(int file) {
  std::string text;
  char buf[4096];
  for (off_t at = 0;; at = off_t(text.size())) {
    ssize_t n = pread(file, buf, sizeof buf, at);
    if (n <= 0) return text;
    text.append(buf, size_t(n));
  }
}

void wait_for_one(std::vector<piece> &all) {
  int status = 0;
  pid_t pid = wait(&status);
  if (pid < 0 && errno == EINTR) return;
  for (piece &p : all) {
    if (p.over || (p.pid != pid && pid >= 0)) continue;
    p.over = true;
    if (pid >= 0 && WIFEXITED(status)) p.status = WEXITSTATUS(status);
  }
}

void stop(std::vector<piece> &all) {
  for (piece &p : all)
    if (!p.over) kill(p.pid, SIGKILL);
  while (std::any_of(all.begin(), all.end(), [](const piece &p) { return !p.over; })) wait_for_one(all);
}

}  // namespace

int side_by_side(size_t n, size_t jobs, const std::function<int(size_t)> &work,
                 const std::function<void(size_t, const std::string &)> &done) {
  std::vector<piece> all;
  size_t told = 0;
  int worst = 0;
  while (told < n && worst < could_not_run) {
    auto under_way = [&] {
      return size_t(std::count_if(all.begin(), all.end(), [](const piece &p) { return !p.over; }));
    };
    while (all.size() < n && under_way() < jobs) all.push_back(begin(all.size(), work));
    if (under_way() > 0) wait_for_one(all);
    for (; told < all.size() && all[told].over && worst < could_not_run; ++told) {
      done(told, text_in(all[told].printed));
      worst = std::max(worst, all[told].status);
    }
  }
  stop(all);
  for (const piece &p : all) close(p.printed);
  return worst;
}

}  // namespace kyu::fuzz
