// Lines on the console, and lines from it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kyu::board {

void console_write(const char *text, size_t len);

// One line, as of printf(); longer ones than max_line are cut. Whole, whoever else prints.
inline constexpr size_t max_line = 256;
[[gnu::format(printf, 1, 2)]] void console_line(const char *format, ...);

}  // namespace kyu::board
