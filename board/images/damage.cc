// Images that end badly on purpose: each shows that its kind of damage is reported and never hangs
// (tests/damage_test.py).
#include "images/damage.h"

#include "boot/board_start.h"
#include "kernel/console.h"
#include "kernel/panic.h"

namespace kyu::board {

namespace {

constexpr uint32_t watchdog_ms = 500;

// Recursion without end: each call keeps a page of its own.
[[gnu::noinline]] uint32_t eat_stack(uint32_t n) {
  volatile uint32_t page[256];
  page[0] = n;
  return page[0] == ~0u ? 0 : eat_stack(n + 1) + page[0];
}

void stack_overflow(void *) { console_line("%lu", static_cast<unsigned long>(eat_stack(0))); }

// NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): that is the point
[[gnu::noinline]] void call(void (*f)()) { f(); }

void null_call(void *) {
  void (*volatile f)() = nullptr;
  call(f);
}

[[gnu::noinline]] uint32_t load(const uint32_t *at) { return *static_cast<const volatile uint32_t *>(at); }

void unaligned_access(void *) {
  alignas(4) static uint8_t bytes[8];
  volatile uintptr_t at = reinterpret_cast<uintptr_t>(bytes) + 1;
  console_line("%lu", static_cast<unsigned long>(load(reinterpret_cast<const uint32_t *>(at))));
}

semaphore left{1, nullptr}, right{1, nullptr};

void take_both(semaphore &first, semaphore &second) {
  sem_wait(first, forever);
  thread_sleep_ms(10);
  sem_wait(second, forever);
}

void deadlock(void *) {
  thread_start("other", priority::user, [](void *) { take_both(right, left); }, nullptr);
  take_both(left, right);
}

void endless_loop(void *) {
  for (;;) asm volatile("nop");
}

void write_to_code(void *) {
  auto *code = reinterpret_cast<volatile uint32_t *>(reinterpret_cast<uintptr_t>(&write_to_code));
  *code = 0;
}

void undefined_instruction(void *) { asm volatile("udf #0"); }

constexpr damage kinds[] = {
    {"stack_overflow", stack_overflow},
    {"null_call", null_call},
    {"unaligned_access", unaligned_access},
    {"deadlock", deadlock},
    {"endless_loop", endless_loop},
    {"write_to_code", write_to_code},
    {"undefined_instruction", undefined_instruction},
};

}  // namespace

void image_main() {
  threads_begin();
  on_standstill(panic_of_standstill);
  watchdog_feed(watchdog_ms);
  suffer(kinds);
}

}  // namespace kyu::board
