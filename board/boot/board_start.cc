// From assembly to main().
#include "boot/board_start.h"

#include "boot/mmu.h"
#include "devices/gic.h"

extern "C" {
using constructor = void (*)();
extern const constructor init_array_start[], init_array_end[];
[[noreturn]] void board_start();
}

void board_start() {
  kyu::board::mmu_start();
  for (const constructor *c = init_array_start; c != init_array_end; ++c) (*c)();
  kyu::board::gic_start();
  kyu::board::image_main();
}
