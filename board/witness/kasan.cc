// Shadow memory behind the MMU: one byte for eight, at (address >> 3) + 0x20000000, where clang's
// kernel-address checks look it up. A byte of it says: 0, all eight may be touched; n, the first n; negative:
// none.
#include "boot/cpu.h"
#include "boot/mmu.h"
#include "watch/crash.h"
#include "watch/memory.h"
#include "watch/watcher.h"

#include <cstring>

namespace kyu::watch {

namespace {

constexpr uintptr_t granule = 8;
// The sanitizers' own values, and names for what they stand for.
constexpr int8_t poisoned = int8_t(0xf7), behind_global = int8_t(0xf9);

struct place {
  int8_t *chunk;
  int8_t offset;  // in the granule
};
place at_address(const void *p) {
  auto at = reinterpret_cast<uintptr_t>(p);
  return {reinterpret_cast<int8_t *>(board::shadow_of(at)), int8_t(at % granule)};
}

}  // namespace

// What the sanitizers' interface promises: a granule of which only a front part is poisoned stays accessible,
// unless that part was all that could be touched.
void shadow_poison(void *at, size_t len) {
  place begin = at_address(at), end = at_address(static_cast<char *>(at) + len);
  if (end.offset != 0 && *end.chunk > 0 && *end.chunk <= end.offset)
    *end.chunk = begin.chunk == end.chunk ? begin.offset : poisoned;
  if (begin.chunk == end.chunk) return;
  if (begin.offset != 0) {
    if (*begin.chunk == 0 || *begin.chunk > begin.offset) *begin.chunk = begin.offset;
    ++begin.chunk;
  }
  memset(begin.chunk, poisoned, size_t(end.chunk - begin.chunk));
}

void shadow_unpoison(void *at, size_t len) {
  place begin = at_address(at), end = at_address(static_cast<char *>(at) + len);
  memset(begin.chunk, 0, size_t(end.chunk - begin.chunk));
  if (end.offset != 0 && *end.chunk != 0 && (*end.chunk < 0 || *end.chunk < end.offset))
    *end.chunk = end.offset;
}

namespace {

const char *kind_at(uintptr_t at) {
  auto *chunk = reinterpret_cast<const int8_t *>(board::shadow_of(at));
  switch (uint8_t(*chunk > 0 ? chunk[1] : *chunk)) {
    case 0xf1:
    case 0xf2:
    case 0xf3: return "stack-buffer-overflow";
    case 0xf5: return "stack-use-after-return";
    case 0xf8: return "stack-use-after-scope";
    case 0xf9: return "global-buffer-overflow";
    default: return "use-after-poison";
  }
}

[[noreturn, gnu::noinline]] void bad_access(uintptr_t at, bool write) {
  memory_fault f{};
  f.kind = kind_at(at);
  take_callstack(f.who, 2);
  f.touched = true;
  f.address = reinterpret_cast<const void *>(at);
  f.write = write;
  report_fault(f);
}

// The first byte of a range that must not be touched; 0: all may be.
uintptr_t first_bad(uintptr_t at, size_t len) {
  for (size_t i = 0; i < len; ++i) {
    place p = at_address(reinterpret_cast<const void *>(at + i));
    if (*p.chunk != 0 && p.offset >= *p.chunk) return at + i;
  }
  return 0;
}

[[gnu::noinline]] void check(const void *at, size_t len, bool write) {
  if (uintptr_t bad = first_bad(reinterpret_cast<uintptr_t>(at), len); bad != 0) bad_access(bad, write);
}

}  // namespace

}  // namespace kyu::watch

// --- what clang calls

using kyu::watch::bad_access;
using kyu::watch::check;

// NOLINTBEGIN(bugprone-reserved-identifier): the names are clang's
extern "C" {

#define REPORTS(size)                                                                                        \
  void __asan_report_load##size##_noabort(uintptr_t at) { bad_access(at, false); }                           \
  void __asan_report_store##size##_noabort(uintptr_t at) { bad_access(at, true); }                           \
  void __asan_load##size##_noabort(uintptr_t at) { check(reinterpret_cast<const void *>(at), size, false); } \
  void __asan_store##size##_noabort(uintptr_t at) { check(reinterpret_cast<const void *>(at), size, true); }
REPORTS(1)
REPORTS(2)
REPORTS(4)
REPORTS(8)
REPORTS(16)
#undef REPORTS
void __asan_report_load_n_noabort(uintptr_t at, size_t) { bad_access(at, false); }
void __asan_report_store_n_noabort(uintptr_t at, size_t) { bad_access(at, true); }
void __asan_loadN_noabort(uintptr_t at, size_t len) { check(reinterpret_cast<const void *>(at), len, false); }
void __asan_storeN_noabort(uintptr_t at, size_t len) { check(reinterpret_cast<const void *>(at), len, true); }

// What does not return ends the image, or starts it again with a clean shadow.
void __asan_handle_no_return() {}

struct kasan_global {
  uintptr_t at, size, size_with_redzone, name, module, has_dynamic_init, location, odr_indicator;
};
void __asan_register_globals(kasan_global *g, uintptr_t n) {
  for (; n > 0; --n, ++g) {
    uintptr_t end = g->at + g->size, redzone = (end + 7) / 8 * 8;
    auto *chunk = reinterpret_cast<int8_t *>(kyu::board::shadow_of(redzone));
    if (end != redzone) chunk[-1] = int8_t(end % 8);
    memset(chunk, kyu::watch::behind_global, (g->at + g->size_with_redzone - redzone) / 8);
  }
}
void __asan_unregister_globals(kasan_global *, uintptr_t) {}

void *__asan_memcpy(void *to, const void *from, size_t len) {
  check(from, len, false);
  check(to, len, true);
  return memcpy(to, from, len);
}
void *__asan_memmove(void *to, const void *from, size_t len) {
  check(from, len, false);
  check(to, len, true);
  return memmove(to, from, len);
}
void *__asan_memset(void *to, int value, size_t len) {
  check(to, len, true);
  return memset(to, value, len);
}

// Variables whose scope begins and ends.
void __asan_poison_stack_memory(uintptr_t at, size_t len) {
  kyu::watch::shadow_poison(reinterpret_cast<void *>(at), len);
}
void __asan_unpoison_stack_memory(uintptr_t at, size_t len) {
  kyu::watch::shadow_unpoison(reinterpret_cast<void *>(at), len);
}
#define SET_SHADOW(value) \
  void __asan_set_shadow_##value(int8_t *shadow, size_t len) { memset(shadow, 0x##value, len); }
SET_SHADOW(00)
SET_SHADOW(f1)
SET_SHADOW(f2)
SET_SHADOW(f3)
SET_SHADOW(f5)
SET_SHADOW(f8)
#undef SET_SHADOW

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
