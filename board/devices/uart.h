// UART0, the console (H3 user manual, 8.6; a 16550). U-Boot has set 115200 8N1.
#pragma once

namespace kyu::board {

// Waits until there is room.
void uart_put(char);
// The next character that came, or -1.
int uart_get();
// uart_get() will have one: called from the interrupt, for each.
void uart_on_input(void (*handler)());

}  // namespace kyu::board
