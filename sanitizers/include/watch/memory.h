// What poisoning needs of the machine: shadow memory, and pages that can be forbidden. One file for each kind
// of machine defines it.
#pragma once

#include <cstddef>

namespace kyu::watch {

// A build whose accesses are checked against shadow memory.
#if defined(KYU_ASAN) || defined(KYU_KASAN)
inline constexpr bool has_shadow = true;
#else
inline constexpr bool has_shadow = false;
#endif

// As __asan_poison_memory_region() and its opposite; nothing happens without shadow memory.
void shadow_poison(void *at, size_t len);
void shadow_unpoison(void *at, size_t len);

// Whole pages, of which each access faults from now on, or none does.
void memory_protect(void *at, size_t len, bool accessible);

}  // namespace kyu::watch
