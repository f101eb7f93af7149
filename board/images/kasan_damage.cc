// As damage.cc, of what only shadow memory shows: accesses that leave a variable for the one beside it.
#include "images/damage.h"

#include "boot/board_start.h"
#include "kernel/console.h"
#include "witness/witness.h"

#include <cstring>

namespace kyu::board {

namespace {

volatile uint32_t table[4], four = 4;

void global_overflow(void *) { console_line("%lu", static_cast<unsigned long>(table[four])); }

[[gnu::noinline]] uint32_t sum(const uint32_t *words, uint32_t n) {
  uint32_t total = 0;
  for (uint32_t i = 0; i < n; ++i) total += words[i];
  return total;
}

void stack_array_overflow(void *) {
  volatile uint32_t words[4] = {1, 2, 3, 4};
  console_line("%lu", static_cast<unsigned long>(sum(const_cast<const uint32_t *>(words), four + 1)));
}

void copy_too_long(void *) {
  char name[8];
  memcpy(name, "a name of more than eight", four * 4);
  console_line("%.8s", name);
}

constexpr damage kinds[] = {
    {"global_overflow", global_overflow},
    {"stack_array_overflow", stack_array_overflow},
    {"copy_too_long", copy_too_long},
};

}  // namespace

void image_main() {
  threads_begin();
  witness_start(report_and_panic);
  suffer(kinds);
}

}  // namespace kyu::board
