// Forbidden pages of the board, for the watcher.
#include "watch/memory.h"

#include "boot/mmu.h"

namespace kyu::watch {

void memory_protect(void *at, size_t len, bool accessible) {
  board::mmu_protect(at, len, accessible ? board::access::read_write : board::access::none);
}

}  // namespace kyu::watch
