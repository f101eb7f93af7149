#include "world/memory.h"

#include "boot/mmu.h"
#include "kernel/panic.h"

#include <cstring>

#include <malloc.h>

namespace kyu::fuzz {

bytes map_memory(size_t len) {
  auto at = static_cast<uint8_t *>(memalign(board::page_bytes, len));
  if (at == nullptr) board::panic("no memory for a stack");
  memset(at, 0, len);
  return {at, len};
}

void unmap_memory(bytes memory) { free(memory.data()); }

}  // namespace kyu::fuzz
