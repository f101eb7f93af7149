// The host's memory: AddressSanitizer's shadow, and mprotect().
#include "watch/memory.h"

#include <cstdio>
#include <cstdlib>

#include <sys/mman.h>

#ifdef KYU_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace kyu::watch {

#ifdef KYU_ASAN
void shadow_poison(void *at, size_t len) { __asan_poison_memory_region(at, len); }
void shadow_unpoison(void *at, size_t len) { __asan_unpoison_memory_region(at, len); }
#else
void shadow_poison(void *, size_t) {}
void shadow_unpoison(void *, size_t) {}
#endif

void memory_protect(void *at, size_t len, bool accessible) {
  if (mprotect(at, len, accessible ? PROT_READ | PROT_WRITE : PROT_NONE) == 0) return;
  perror("kyufuzz: mprotect");
  exit(2);
}

}  // namespace kyu::watch
