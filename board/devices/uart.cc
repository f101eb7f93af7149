#include "devices/uart.h"

#include "boot/cpu.h"
#include "devices/gic.h"

namespace kyu::board {

namespace {

constexpr uintptr_t uart0 = 0x01c28000;
constexpr uintptr_t rbr = uart0, thr = uart0, ier = uart0 + 4, lsr = uart0 + 0x14;
constexpr uint32_t lsr_data_ready = 1, lsr_thr_empty = 1 << 5, ier_received = 1;
constexpr uint32_t spi_uart0 = 32 + 0;

}  // namespace

void uart_put(char c) {
  while ((mmio(lsr) & lsr_thr_empty) == 0) {
  }
  mmio(thr) = uint8_t(c);
}

int uart_get() { return (mmio(lsr) & lsr_data_ready) != 0 ? int(mmio(rbr) & 0xff) : -1; }

void uart_on_input(void (*handler)()) {
  gic_enable(spi_uart0, handler);
  mmio(ier) = ier_received;
}

}  // namespace kyu::board
