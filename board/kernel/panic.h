// The end of the system, as Kyu tells it.
#pragma once

#include "boot/cpu.h"

#include <cstdint>

namespace kyu::board {

// "Called from f+off -- addr" for each caller, of the stack that `fp` lies on.
void print_callers(uint32_t fp, uint32_t lr);

// One line for each thread, and its callers where it sleeps.
void print_threads();

enum class fault_kind : uint32_t { undefined, prefetch_abort, data_abort };

struct fault {
  fault_kind kind;
  uint32_t address;  // that was touched; of an undefined instruction, its own
  bool write;
  const char *what;  // "unmapped page", "null pointer", "alignment", ...
  const registers *regs;
};

// Where it happened and its callers, innermost first, as addresses inside of calls; at most `max`, how many.
int callers_of(const registers &, uint32_t *out, int max);

// Who else has something to say when the system ends.
void on_fault(
    void (*witness)(const fault &));  // before anything is printed: a watcher, which knows the object
void on_panic(void (*witness)());     // behind the callers: what Kyu tells of its threads
inline constexpr int max_callers = 32;

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
