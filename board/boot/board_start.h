// What an image is: the kernel, and one of these.
#pragma once

namespace kyu::board {

// MMU, caches and interrupt controller are on; interrupts are off, and there are no threads yet.
[[noreturn]] void image_main();

}  // namespace kyu::board

// Starts the image once more: memory is as when it was loaded, but for what lies in .noinit.
extern "C" [[noreturn]] void restart();
