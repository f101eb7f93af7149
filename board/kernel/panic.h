// The end of the system, as Kyu tells it.
#pragma once

#include "boot/cpu.h"

#include <cstdint>

namespace kyu::board {

// One line for each thread, and its callers where it sleeps.
void print_threads();

enum class fault_kind : uint32_t { undefined, prefetch_abort, data_abort };

enum class fault_cause : uint8_t {
  undefined_instruction,
  unaligned_access,
  stack_overflow,
  null_pointer,
  unmapped_page,
  forbidden_page,  // read only, or no code
  external_abort,
};

struct fault {
  fault_kind kind;
  fault_cause cause;
  uint32_t address;  // that was touched; of an undefined instruction, its own
  bool write;
  const registers *regs;
};

// Where it happened and its callers, innermost first, as addresses inside of calls; at most `max`, how many.
int callers_of(const registers &, uint32_t *out, int max);

// Who else has something to say when the system ends.
// Before anything is printed: a watcher, which knows the object.
void on_fault(void (*witness)(const fault &));
// Behind the callers: what Kyu tells of its threads.
void on_panic(void (*witness)());

// A panic of the stack's: names it, too.
[[noreturn]] void bsd_panic_on_board(const char *what);

// Prints SP, FP and the caller's callers, then what the witness says, then "PANIC: why"; ends with exit
// status 1.
[[noreturn]] void panic(const char *why);
[[noreturn]] void panic_at(const char *why, uint32_t pc, uint32_t fp, uint32_t lr);

// Nothing goes on any more: every thread, and a panic.
struct standstill_report;
[[noreturn]] void panic_of_standstill(const standstill_report &);

}  // namespace kyu::board
