#include "kernel/panic.h"

#include "boot/mmu.h"
#include "devices/power.h"
#include "kernel/console.h"
#include "kernel/symbols.h"
#include "kernel/thread.h"
#include "kernel/unroll.h"

#include <cstring>

extern "C" {
extern const uint8_t __irq_stack_top[], __boot_stack_top[];
[[noreturn]] void board_fault(kyu::board::fault_kind, const kyu::board::registers *);
}

namespace kyu::board {

namespace {

constexpr int max_callers = 32;
constexpr uint32_t null_bytes = 65536;

panic_witness witness;
int panics;
const char *bsd_text;  // what the stack says, if it is the stack that panics

uint32_t address(const void *at) { return uint32_t(reinterpret_cast<uintptr_t>(at)); }

// The name alone, without what the debug information puts around it: "kyu::f(int)" is f.
struct bare {
  const char *at;
  int len;
};
bare bare_name(const char *full) {
  int depth = 0;
  const char *begin = full, *end = full;
  for (const char *p = full; *p != 0; ++p) {
    bool anonymous = strncmp(p, "(anonymous", 10) == 0;
    if (*p == '(' && depth == 0 && !anonymous && p != begin) break;
    if (*p == '(' || *p == '<') ++depth;
    if (depth == 0) end = p + 1;
    if (*p == ')' || *p == '>') --depth;
    if (depth == 0 && (*p == ':' || *p == ' ')) begin = end = p + 1;
  }
  return {begin, int(end - begin)};
}

void print_caller(uint32_t pc) {
  symbol s;
  if (!symbol_at(pc, &s)) return console_line("Called from ? -- %08lx", static_cast<unsigned long>(pc));
  bare name = bare_name(s.name);
  console_line("Called from %.*s+%lx -- %08lx", name.len, name.at, static_cast<unsigned long>(s.offset),
               static_cast<unsigned long>(pc));
}

// The stack that an address lies on: a thread's, or the one from before there were threads.
stack_view stack_at(uint32_t at) {
  thread_info t;
  for (int n = 0; thread_at(n, &t); ++n)
    if (at >= t.stack_low && at < t.stack_high)
      return {uint32_t(t.stack_low), uint32_t(t.stack_high), reinterpret_cast<const uint32_t *>(t.stack_low)};
  if (at >= address(__irq_stack_top) && at < address(__boot_stack_top))
    return {address(__irq_stack_top), address(__boot_stack_top),
            reinterpret_cast<const uint32_t *>(__irq_stack_top)};
  return {};
}

const char *state_name(task::state s) {
  switch (s) {
    case task::state::unused: return "ended";
    case task::state::ready: return "ready";
    case task::state::running: return "running";
    case task::state::sleeping: return "idle";
  }
  return "?";
}

// What panics while it panics says so and no more.
void enter_panic() {
  disable_interrupts();
  if (++panics == 1) return;
  console_line("PANIC: while the last one was being told");
  power_off(1);
}

[[noreturn]] void finish(const char *why) {
  if (witness.of_panic != nullptr) witness.of_panic();
  if (bsd_text != nullptr) console_line("BSD panic: %s", bsd_text);
  console_line("PANIC: %s", why);
  power_off(1);
}

const char *what_of(fault_kind kind, uint32_t status, uint32_t at) {
  constexpr uint32_t fs = 0x40f, alignment = 1, translation_section = 5, translation_page = 7,
                     permission_page = 0xf;
  bool below;
  if (kind == fault_kind::undefined) return "undefined instruction";
  if (stack_owner(at, &below) != nullptr && below) return "stack overflow";
  switch (status & fs) {
    case alignment: return "unaligned access";
    case permission_page: return "page is read only, or no code";
    case translation_section:
    case translation_page: return at < null_bytes ? "null pointer" : "unmapped page";
    default: return "external abort";
  }
}

fault describe(fault_kind kind, const registers &r) {
  constexpr uint32_t write_not_read = 1 << 11;
  uint32_t dfsr = read_dfsr();
  switch (kind) {
    case fault_kind::data_abort:
      return {kind, read_dfar(), (dfsr & write_not_read) != 0, what_of(kind, dfsr, read_dfar()), &r};
    case fault_kind::prefetch_abort:
      return {kind, read_ifar(), false, what_of(kind, read_ifsr(), read_ifar()), &r};
    case fault_kind::undefined: break;
  }
  return {kind, r.pc, false, what_of(kind, 0, r.pc), &r};
}

bool same_function(uint32_t a, uint32_t b) {
  symbol of_a, of_b;
  return symbol_at(a, &of_a) && symbol_at(b, &of_b) && of_a.name == of_b.name;
}

void print_registers(const registers &r) {
  auto hex = [](uint32_t v) { return static_cast<unsigned long>(v); };
  for (int i = 0; i < 12; i += 4)
    console_line("r%-2d = %08lx  r%-2d = %08lx  r%-2d = %08lx  r%-2d = %08lx", i, hex(r.r[i]), i + 1,
                 hex(r.r[i + 1]), i + 2, hex(r.r[i + 2]), i + 3, hex(r.r[i + 3]));
  console_line("r12 = %08lx  lr  = %08lx  pc  = %08lx  psr = %08lx", hex(r.r[12]), hex(r.lr), hex(r.pc),
               hex(r.cpsr));
}

}  // namespace

void set_panic_witness(const panic_witness &w) { witness = w; }

void print_callers(uint32_t fp, uint32_t lr) {
  uint32_t callers[max_callers];
  int n = unroll(fp, lr, stack_at(fp), is_code, callers, max_callers);
  for (int i = 0; i < n; ++i) print_caller(callers[i]);
}

void print_threads() {
  thread_info t;
  for (int n = 0; thread_at(n, &t); ++n) {
    console_line("Thread %s: %s, %lu bytes of stack used", t.name, state_name(t.is),
                 static_cast<unsigned long>(t.stack_used));
    if (t.fp != 0) print_callers(t.fp, 0);
  }
}

void panic(const char *why) {
  panic_at(why, 0, uint32_t(reinterpret_cast<uintptr_t>(__builtin_frame_address(0))), 0);
}

void panic_at(const char *why, uint32_t pc, uint32_t fp, uint32_t lr) {
  enter_panic();
  console_line("SP = %08lx,  FP = %08lx", static_cast<unsigned long>(address(__builtin_frame_address(0))),
               static_cast<unsigned long>(fp));
  if (pc != 0) print_caller(pc);
  print_callers(fp, same_function(pc, lr) ? 0 : lr);
  finish(why);
}

void bsd_panic_on_board(const char *what) {
  if (panics == 0) bsd_text = what;
  panic_at("BSD tcp", 0, uint32_t(reinterpret_cast<uintptr_t>(__builtin_frame_address(0))), 0);
}

void panic_of_standstill(const standstill_report &r) {
  print_threads();
  panic_at(r.why, r.pc, r.fp, r.lr);
}

}  // namespace kyu::board

void board_fault(kyu::board::fault_kind kind, const kyu::board::registers *regs) {
  using namespace kyu::board;
  fault f = describe(kind, *regs);
  if (panics == 0 && witness.of_fault != nullptr) witness.of_fault(f);
  enter_panic();
  constexpr const char *names[] = {"undefined instruction", "prefetch abort", "data abort"};
  const char *access = kind != fault_kind::data_abort ? "execution" : f.write ? "write" : "read";
  console_line("%s: %s of %08lx, %s", names[uint32_t(kind)], access, static_cast<unsigned long>(f.address),
               f.what);
  bool below;
  const char *owner = stack_owner(regs->sp, &below);
  if (owner == nullptr) owner = stack_owner(f.address, &below);
  console_line("in thread %s", owner != nullptr ? owner : "main");
  print_registers(*regs);
  console_line("SP = %08lx,  FP = %08lx", static_cast<unsigned long>(regs->sp),
               static_cast<unsigned long>(regs->fp()));
  print_caller(regs->pc);
  // An LR that leads back into the same function is left over from a call that it made.
  print_callers(regs->fp(), same_function(regs->pc, regs->lr) ? 0 : regs->lr);
  finish(f.what);
}
