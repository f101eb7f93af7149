#include "witness/witness.h"

#include "boot/mmu.h"
#include "kernel/console.h"
#include "kernel/panic.h"
#include "kernel/thread.h"
#include "watch/crash.h"
#include "watch/watcher.h"

#include <algorithm>
#include <string>

namespace kyu::board {

namespace {

const char *kind_of(const fault &f) {
  switch (f.cause) {
    case fault_cause::unaligned_access: return "unaligned-access";
    case fault_cause::stack_overflow: return "stack-overflow";
    case fault_cause::undefined_instruction: return "sigill";
    default: return "segv";
  }
}

const registers *faulted;  // null: what is found did not fault

void fault_is_finding(const fault &f) {
  faulted = f.regs;
  watch::memory_fault m{};
  m.kind = kind_of(f);
  m.touched = f.cause != fault_cause::undefined_instruction && f.cause != fault_cause::unaligned_access;
  m.address = reinterpret_cast<const void *>(behind_shadow(f.address));
  m.write = f.write;
  uint32_t pcs[watch::max_frames];
  int n = callers_of(*f.regs, pcs, watch::max_frames);
  for (int i = 0; i < n; ++i) m.who.pc[i] = pcs[i];
  watch::report_fault(m);
}

void standstill_is_finding(const standstill_report &r) {
  watch::fail_oracle("timeout", "standstill", r.why, nullptr);
}

}  // namespace

void witness_start(watch::finding_sink sink) {
  watch::set_finding_sink(sink);
  on_fault(fault_is_finding);
  on_standstill(standstill_is_finding);
}

void report_and_panic(const watch::finding &f) {
  print_finding(f, "");
  constexpr size_t prefix = sizeof "BSD panic: " - 1;
  if (f.kind == "panic") bsd_panic_on_board(f.summary.c_str() + prefix);
  if (faulted != nullptr) panic_at(f.kind.c_str(), faulted->pc, faulted->fp(), faulted->lr);
  panic(f.kind.c_str());
}

void print_finding(const watch::finding &f, const char *prefix) {
  std::string text = watch::to_text(f);
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    console_line("%s%s", prefix, text.substr(at, end - at).c_str());
    at = end + 1;
  }
}

}  // namespace kyu::board
