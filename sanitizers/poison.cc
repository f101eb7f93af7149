#include "watch/poison.h"

#include <cstring>

#ifdef KYU_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace kyu::watch {

#ifdef KYU_ASAN

bool poison_traps() { return true; }
void poison(void *at, size_t len) { __asan_poison_memory_region(at, len); }
void unpoison(void *at, size_t len) { __asan_unpoison_memory_region(at, len); }
void poison_fresh(void *at, size_t len) { __asan_poison_memory_region(at, len); }
void move_fence(void *at, size_t was, size_t used) {
  // Poison covers whole granules of 8 only behind a boundary; the last one may be addressable in part.
  size_t from = (used < was ? used : was) / 8 * 8, to = ((used < was ? was : used) + 7) / 8 * 8;
  if (used < was)
    __asan_poison_memory_region(static_cast<char *>(at) + used, to - used);
  else
    __asan_unpoison_memory_region(static_cast<char *>(at) + from, used - from);
}
const uint8_t *find_damage(const void *, size_t) { return nullptr; }
bool readable(const void *at, size_t len) {
  return __asan_region_is_poisoned(const_cast<void *>(at), len) == nullptr;
}

#else

bool poison_traps() { return false; }
void poison(void *at, size_t len) { std::memset(at, dead_byte, len); }
void unpoison(void *, size_t) {}
void poison_fresh(void *, size_t) {}
void move_fence(void *, size_t, size_t) {}
bool readable(const void *, size_t) { return true; }

const uint8_t *find_damage(const void *at, size_t len) {
  auto p = static_cast<const uint8_t *>(at);
  for (size_t i = 0; i < len; ++i)
    if (p[i] != dead_byte) return p + i;
  return nullptr;
}

#endif

}  // namespace kyu::watch
