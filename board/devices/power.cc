#include "devices/power.h"

#include "boot/cpu.h"
#include "devices/semihosting.h"
#include "kernel/console.h"

namespace kyu::board {

namespace {

constexpr uint32_t application_exit = 0x20026;  // ADP_Stopped_ApplicationExit

}  // namespace

void power_off(int status) {
  disable_interrupts();
  console_line("exit status %d", status);
  uint32_t block[2] = {application_exit, uint32_t(status)};
  semihosting_call(semihosting::exit_extended, block);
  for (;;) wait_for_interrupt();
}

}  // namespace kyu::board
