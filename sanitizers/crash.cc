#include "watch/crash.h"

#include "watch/callstack.h"

#include <csignal>
#include <cstdlib>
#include <sys/ucontext.h>

namespace kyu::watch {

// runtimes.cc
void install_asan_handler();
void install_msan_handler();

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
  callstack who;
  take_callstack_at(who, pc, fp);
  bool write = (unsigned(regs[REG_ERR]) & write_access) != 0;
  const char *kind = sig == SIGFPE ? "sigfpe" : "segv";
  report_fault({kind, who, sig == SIGSEGV, info->si_addr, write});
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
  install_msan_handler();
  install_signal_handlers();
}

}  // namespace kyu::watch
