#include "watch/crash.h"

#include "sys/port.h"
#include "watch/watcher.h"

#include <csignal>
#include <cstdlib>
#include <string>

#include <sys/ucontext.h>

namespace kyu::watch {

void install_asan_handler();

namespace {

// The report is made here, by code that needs room for a symbolizer's answer.
constexpr size_t signal_stack_bytes = 1 << 20;

void on_fault(int sig, siginfo_t *info, void *context) {
  signal(sig, SIG_DFL);
  constexpr unsigned write_access = 2;  // of the page fault's error code
  const auto &regs = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
#ifdef __x86_64__
  uintptr_t pc = uintptr_t(regs[REG_RIP]), fp = uintptr_t(regs[REG_RBP]);
#else
  uintptr_t pc = uintptr_t(regs[REG_EIP]), fp = uintptr_t(regs[REG_EBP]);
#endif
  finding f;
  callstack who;
  take_callstack_at(who, pc, fp);
  f.stack = symbolize(who);
  uintptr_t addr = reinterpret_cast<uintptr_t>(info->si_addr);
  f.access = (unsigned(regs[REG_ERR]) & write_access) != 0 ? "write" : "read";
  if (watcher *w = current_watcher(); w != nullptr) {
    w->locate(f);
    if (sig == SIGSEGV && w->explain(info->si_addr, f)) report(f);
  }
  f.kind = sig == SIGSEGV && addr < 65536 ? "null-dereference" : sig == SIGFPE ? "sigfpe" : "segv";
  f.summary = f.kind + " in " + own_frames(f.stack, 1) + "()";
  f.signature = f.kind + ":" + own_frames(f.stack, 3);
  report(f);
}

void install_signal_handlers() {
  static char *memory = static_cast<char *>(malloc(signal_stack_bytes));
  stack_t alt{};
  alt.ss_sp = memory;
  alt.ss_size = signal_stack_bytes;
  sigaltstack(&alt, nullptr);
  struct sigaction sa{};
  sa.sa_sigaction = on_fault;
  sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (int sig : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigaction(sig, &sa, nullptr);
}

}  // namespace

void install_crash_handlers() {
  install_asan_handler();
  install_signal_handlers();
}

void fail_oracle(const char *kind, const std::string &key, const std::string &summary, const void *object) {
  finding f;
  f.kind = kind;
  f.summary = summary;
  f.signature = std::string(kind) + ":" + key;
  if (watcher *w = current_watcher(); w != nullptr) {
    w->locate(f);
    if (object != nullptr) w->describe(object, f);
  }
  report(f);
}

}  // namespace kyu::watch

namespace kyu {

// The stack's own assertions. The text is the key; the frames tell apart those in common helpers.
void port_panic(const char *what) {
  using namespace kyu::watch;
  finding f;
  callstack who;
  take_callstack(who, 0);
  f.stack = symbolize(who);
  if (watcher *w = current_watcher(); w != nullptr) w->locate(f);
  f.kind = "panic";
  f.summary = std::string("BSD panic: ") + what;
  f.signature = "panic:" + std::string(what) + ":" + own_frames(f.stack, 1);
  report(f);
}

}  // namespace kyu
