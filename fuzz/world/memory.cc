#include "world/memory.h"

#include <cstdio>
#include <cstdlib>

#include <sys/mman.h>

namespace kyu::fuzz {

bytes map_memory(size_t len) {
  void *at = mmap(nullptr, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) {
    perror("kyufuzz: no memory for a stack");
    exit(2);
  }
  return {static_cast<uint8_t *>(at), len};
}

void unmap_memory(bytes memory) { munmap(memory.data(), memory.size()); }

}  // namespace kyu::fuzz
