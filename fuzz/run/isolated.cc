#include "run/isolated.h"

#include "watch/crash.h"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kyu::fuzz {

namespace {

int report_fd = -1;

void send(const std::string &text) {
  for (size_t at = 0; at < text.size();) {
    ssize_t n = write(report_fd, text.data() + at, text.size() - at);
    if (n <= 0) break;
    at += size_t(n);
  }
}

// The child's messages: lines of the trace, each with T in front, and at last one object with F or O.
void send_trace(const std::string &line) { send("T" + line + "\n"); }

void send_finding_and_die(const watch::finding &f) {
  send("F" + watch::to_json(f));
  _exit(1);
}

// The child keeps one world for its life: making one costs more than most scenarios.
[[noreturn]] void child(const scenario &ops, const run_options &o) {
  if (o.quiet) {
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
  }
  alarm(o.seconds);
  watch::set_finding_sink(send_finding_and_die);
  watch::install_crash_handlers();
  world w(o.world);
  outcome first, last;
  bool same = true;
  trace t(send_trace);
  for (uint32_t i = 0; i < o.repeat; ++i) {
    last = w.run(ops, o.trace && i == 0 ? &t : nullptr);
    if (i == 0) first = last;
    same = same && first.digest == last.digest;
  }
  nlohmann::json j = {{"digest", last.digest},         {"ops", last.ops}, {"frames_in", last.frames_in},
                      {"frames_out", last.frames_out}, {"ms", last.ms},   {"same", same}};
  send("O" + j.dump());
  _exit(0);
}

std::string read_all(int fd) {
  std::string out;
  char buf[4096];
  for (ssize_t n; (n = read(fd, buf, sizeof buf)) > 0;) out.append(buf, size_t(n));
  return out;
}

// Moves the lines of the trace out of the child's messages.
void take_trace(std::string &text, run_report &report) {
  size_t at = 0;
  for (size_t end; at < text.size() && text[at] == 'T' && (end = text.find('\n', at)) != std::string::npos;) {
    report.trace.push_back(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  text.erase(0, at);
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

run_report run_isolated(const scenario &ops, const run_options &o) {
  run_report report;
  watch::warm_up_symbolizer();
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) exit(2);
  pid_t pid = fork();
  if (pid < 0) exit(2);
  if (pid == 0) {
    close(fds[0]);
    report_fd = fds[1];
    child(ops, o);
  }
  close(fds[1]);
  std::string text = read_all(fds[0]);
  close(fds[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  take_trace(text, report);
  if (!text.empty() && text[0] == 'F') report.finding = watch::finding_from_json(text.substr(1));
  auto j = !text.empty() && text[0] == 'O' ? nlohmann::json::parse(text.substr(1), nullptr, false)
                                           : nlohmann::json();
  if (j.is_object()) {
    report.result = {j["digest"], j["ops"], j["frames_in"], j["frames_out"], j["ms"]};
    report.same_digest = j["same"];
  } else if (!report.finding) {
    report.finding = died(status);
  }
  return report;
}

}  // namespace kyu::fuzz
