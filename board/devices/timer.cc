#include "devices/timer.h"

#include "boot/cpu.h"
#include "devices/gic.h"

namespace kyu::board {

namespace {

constexpr uint32_t ppi_virtual_timer = 27;
constexpr uint32_t ctl_enable = 1, ctl_masked = 2;
constexpr uint32_t h3_hz = 24'000'000;  // where nobody has set CNTFRQ

uint64_t at_start = read_cntvct();
void (*alarm)();

uint32_t counts_per_second() {
  uint32_t hz = read_cntfrq();
  return hz != 0 ? hz : h3_hz;
}

void on_interrupt() {
  timer_no_alarm();
  alarm();
}

}  // namespace

// Seconds and their fraction apart, so that nothing overflows in years.
uint64_t timer_us() {
  uint32_t hz = counts_per_second();
  uint64_t counts = read_cntvct() - at_start;
  return counts / hz * 1'000'000 + counts % hz * 1'000'000 / hz;
}

void timer_start(void (*handler)()) {
  alarm = handler;
  timer_no_alarm();
  gic_enable(ppi_virtual_timer, on_interrupt);
}

void timer_alarm_at(uint64_t us) {
  uint32_t hz = counts_per_second();
  uint64_t counts = us / 1'000'000 * hz + (us % 1'000'000 * hz + 999'999) / 1'000'000;
  write_cntv_cval(at_start + counts);
  write_cntv_ctl(ctl_enable);
  isb();
}

void timer_no_alarm() {
  write_cntv_ctl(ctl_masked);
  isb();
}

}  // namespace kyu::board
