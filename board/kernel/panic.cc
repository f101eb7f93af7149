#include "kernel/panic.h"

#include "boot/mmu.h"
#include "devices/power.h"
#include "kernel/console.h"
#include "kernel/symbols.h"
#include "kernel/thread.h"
#include "kernel/unroll.h"

#include <cstring>

extern "C" {
[[noreturn]] void board_fault(kyu::board::fault_kind, const kyu::board::registers *);
}

namespace kyu::board {

namespace {

constexpr uint32_t null_bytes = 65536;
constexpr int max_callers = 32;

void (*fault_witness)(const fault &);
void (*panic_witness)();
int panics, faults;
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

// `back`: from a return address to inside of the call. A call of what never returns may be its function's
// last instruction.
void print_place(uint32_t pc, uint32_t back) {
  symbol s;
  auto hex = [](uint32_t v) { return static_cast<unsigned long>(v); };
  if (!symbol_at(pc - back, &s)) return console_line("Called from ? -- %08lx", hex(pc));
  bare name = bare_name(s.name);
  console_line("Called from %.*s+%lx -- %08lx", name.len, name.at, hex(s.offset + back), hex(pc));
}

constexpr uint32_t call_bytes = 4;
void print_caller(uint32_t ret) { print_place(ret, call_bytes); }

stack_view view(uintptr_t low, uintptr_t high) {
  return {uint32_t(low), uint32_t(high), reinterpret_cast<const uint32_t *>(low)};
}

// The stack that a frame lies on: a thread's; or what can be read from there on, where it is the boot stack,
// a handler's, or one that the kernel does not know.
stack_view stack_at(uint32_t fp) {
  stack_info of_thread;
  if (stack_around(fp, &of_thread) && fp >= of_thread.low) return view(of_thread.low, of_thread.high);
  constexpr uint32_t page_mask = ~(page_bytes - 1), longest = 128 * 1024;
  uint32_t low = (fp & page_mask) - 4, high = fp & page_mask;  // the return address may lie below
  if (!mmu_readable(low)) low += 4;
  while (high - low < longest && mmu_readable(high)) high += page_bytes;
  return view(low, high);
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
  if (panic_witness != nullptr) panic_witness();
  if (bsd_text != nullptr) console_line("BSD panic: %s", bsd_text);
  console_line("PANIC: %s", why);
  power_off(1);
}

fault_cause cause_of(uint32_t status, uint32_t at) {
  constexpr uint32_t fs = 0x40f, alignment = 1, translation_section = 5, translation_page = 7,
                     permission_page = 0xf;
  stack_info stack;
  if (stack_around(at, &stack) && at < stack.low) return fault_cause::stack_overflow;
  switch (status & fs) {
    case alignment: return fault_cause::unaligned_access;
    case permission_page: return fault_cause::forbidden_page;
    case translation_section:
    case translation_page: return at < null_bytes ? fault_cause::null_pointer : fault_cause::unmapped_page;
    default: return fault_cause::external_abort;
  }
}

const char *name_of(fault_cause c) {
  switch (c) {
    case fault_cause::undefined_instruction: return "undefined instruction";
    case fault_cause::unaligned_access: return "unaligned access";
    case fault_cause::stack_overflow: return "stack overflow";
    case fault_cause::null_pointer: return "null pointer";
    case fault_cause::unmapped_page: return "unmapped page";
    case fault_cause::forbidden_page: return "page is read only, or no code";
    case fault_cause::external_abort: return "external abort";
  }
  return "?";
}

fault describe(fault_kind kind, const registers &r) {
  constexpr uint32_t write_not_read = 1 << 11;
  switch (kind) {
    case fault_kind::data_abort: {
      uint32_t status = read_dfsr(), at = read_dfar();
      return {kind, cause_of(status, at), at, (status & write_not_read) != 0, &r};
    }
    case fault_kind::prefetch_abort:
      return {kind, cause_of(read_ifsr(), read_ifar()), read_ifar(), false, &r};
    case fault_kind::undefined: break;
  }
  return {kind, fault_cause::undefined_instruction, r.pc, false, &r};
}

bool same_function(uint32_t a, uint32_t b) {
  symbol of_a, of_b;
  return symbol_at(a, &of_a) && symbol_at(b, &of_b) && of_a.name == of_b.name;
}

// The callers of what was interrupted at `pc`. An LR that leads back into the same function is left over from
// a call that it made.
int callers(uint32_t pc, uint32_t fp, uint32_t lr, uint32_t *out, int max) {
  return unroll(fp, same_function(pc, lr) ? 0 : lr, stack_at(fp), is_code, out, max);
}

void print_callers(uint32_t pc, uint32_t fp, uint32_t lr) {
  uint32_t found[max_callers];
  int n = callers(pc, fp, lr, found, max_callers);
  for (int i = 0; i < n; ++i) print_caller(found[i]);
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

void on_fault(void (*witness)(const fault &)) { fault_witness = witness; }
void on_panic(void (*witness)()) { panic_witness = witness; }

void print_threads() {
  thread_info t;
  for (int n = 0; thread_at(n, &t); ++n) {
    if (t.is == task::state::unused) continue;
    console_line("Thread %s: %s, %lu bytes of stack used", t.name, state_name(t.is),
                 static_cast<unsigned long>(t.stack_used));
    if (t.fp != 0) print_callers(0, t.fp, 0);
  }
}

int callers_of(const registers &r, uint32_t *out, int max) {
  int n = 0;
  if (is_code(r.pc)) out[n++] = r.pc;
  int first = n;
  n += callers(r.pc, r.fp(), r.lr, out + n, max - n);
  for (int i = first; i < n; ++i) out[i] -= call_bytes;
  return n;
}

void panic(const char *why) {
  panic_at(why, 0, uint32_t(reinterpret_cast<uintptr_t>(__builtin_frame_address(0))), 0);
}

void panic_at(const char *why, uint32_t pc, uint32_t fp, uint32_t lr) {
  enter_panic();
  console_line("SP = %08lx,  FP = %08lx", static_cast<unsigned long>(address(__builtin_frame_address(0))),
               static_cast<unsigned long>(fp));
  if (pc != 0) print_place(pc, 0);
  print_callers(pc, fp, lr);
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
  if (++faults == 1 && fault_witness != nullptr) fault_witness(f);  // a fault of its own ends in a panic
  enter_panic();
  constexpr const char *names[] = {"undefined instruction", "prefetch abort", "data abort"};
  const char *access = kind != fault_kind::data_abort ? "execution" : f.write ? "write" : "read";
  console_line("%s: %s of %08lx, %s", names[uint32_t(kind)], access, static_cast<unsigned long>(f.address),
               name_of(f.cause));
  stack_info stack;
  bool on_thread = stack_around(regs->sp, &stack) || stack_around(f.address, &stack);
  console_line("in thread %s", on_thread ? stack.owner : "main");
  print_registers(*regs);
  console_line("SP = %08lx,  FP = %08lx", static_cast<unsigned long>(regs->sp),
               static_cast<unsigned long>(regs->fp()));
  print_place(regs->pc, 0);
  print_callers(regs->pc, regs->fp(), regs->lr);
  finish(name_of(f.cause));
}
