#include "kernel/console.h"

#include "boot/cpu.h"
#include "devices/uart.h"

#include <cstdarg>
#include <cstdio>

namespace kyu::board {

void console_write(const char *text, size_t len) {
  for (size_t i = 0; i < len; ++i) {
    if (text[i] == '\n') uart_put('\r');
    uart_put(text[i]);
  }
}

void console_line(const char *format, ...) {
  char line[max_line];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  size_t len = n < 0 ? 0 : size_t(n) < sizeof line ? size_t(n) : sizeof line - 1;
  no_interrupts lock;
  console_write(line, len);
  console_write("\n", 1);
}

}  // namespace kyu::board
