#include "run/child.h"

#include "watch/crash.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kyu::fuzz {

namespace {

constexpr int look_ms = 200;
constexpr char finding_mark = '\x1e';  // in front of a finding, among what the child says

int parent_fd = -1;

void send_finding_and_die(const watch::finding &f) {
  tell_parent(finding_mark + watch::to_json(f));
  _exit(1);
}

[[noreturn]] void be_child(int fd, bool quiet, const std::function<void()> &body) {
  parent_fd = fd;
  if (quiet) {
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
  }
  watch::set_finding_sink(send_finding_and_die);
  watch::install_crash_handlers();
  body();
  _exit(0);
}

// Until the child has closed its end, or `go_on` wants no more.
bool listen_to(int fd, const std::function<bool()> &go_on, std::string *said) {
  for (;;) {
    if (go_on) {
      pollfd p{fd, POLLIN, 0};
      int ready = poll(&p, 1, look_ms);
      if (!go_on()) return false;
      if (ready <= 0) continue;
    }
    char buf[4096];
    ssize_t n = read(fd, buf, sizeof buf);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    said->append(buf, size_t(n));
  }
}

watch::finding died(int status) {
  watch::finding f;
  int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  f.kind = sig == SIGALRM ? "timeout" : "crash";
  f.summary = sig == SIGALRM ? "the scenario did not end"
                             : "the process died without a report, signal " + std::to_string(sig);
  f.signature = f.kind + (sig == SIGALRM ? "" : ":signal-" + std::to_string(sig));
  return f;
}

}  // namespace

void tell_parent(const std::string &text) {
  for (size_t at = 0; at < text.size();) {
    ssize_t n = write(parent_fd, text.data() + at, text.size() - at);
    if (n <= 0) break;
    at += size_t(n);
  }
}

void hang_after(uint32_t seconds) { alarm(seconds); }

child_end run_child(bool quiet, const std::function<void()> &body, const std::function<bool()> &go_on) {
  child_end end;
  // Once one has needed it: loading the debug information takes longer than most scenarios.
  static bool symbols_are_wanted = false;
  if (symbols_are_wanted) watch::warm_up_symbolizer();
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) exit(2);
  fflush(stdout);  // ThreadSanitizer's _exit() flushes what the child has inherited, too
  pid_t pid = fork();
  if (pid < 0) exit(2);
  if (pid == 0) {
    close(fds[0]);
    be_child(fds[1], quiet, body);
  }
  close(fds[1]);
  end.stopped = !listen_to(fds[0], go_on, &end.said);
  close(fds[0]);
  if (end.stopped) kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  if (end.stopped) return end;
  if (size_t at = end.said.find(finding_mark); at != std::string::npos) {
    end.finding = watch::finding_from_json(end.said.substr(at + 1));
    end.said.resize(at);
  }
  if (end.finding && !(end.finding->stack.empty() && end.finding->life.empty())) symbols_are_wanted = true;
  if (status != 0 && !end.finding) end.finding = died(status);
  return end;
}

std::string signature_of(const std::function<void()> &body) {
  child_end end = run_child(true, body);
  return end.finding ? end.finding->signature : "";
}

}  // namespace kyu::fuzz
