#include "watch/poison.h"

#include "watch/memory.h"

#include <algorithm>
#include <cstring>

namespace kyu::watch {

namespace {

constexpr uint32_t page_bytes = 4096, slot_alignment = 16;
constexpr uint8_t dead_byte = 0xdb, redzone_byte = 0xfa;

void protect(void *slot, uint32_t size, bool accessible) {
  memory_protect(slot, (size + redzone_bytes + page_bytes - 1) / page_bytes * page_bytes, accessible);
}

const uint8_t *first_other(const void *at, size_t len, uint8_t filling) {
  auto p = static_cast<const uint8_t *>(at);
  auto bad = std::find_if(p, p + len, [filling](uint8_t b) { return b != filling; });
  return bad == p + len ? nullptr : bad;
}

}  // namespace

pool_mode best_pool_mode() { return has_shadow ? pool_mode::shadow : pool_mode::guard; }

std::optional<pool_mode> pool_mode_named(const std::string &name) {
  if (name == "best") return best_pool_mode();
  if (name == "plain") return pool_mode::plain;
  if (name == "guard") return pool_mode::guard;
  if (name == "pattern") return pool_mode::pattern;
  return std::nullopt;
}

uint32_t poisoner::alignment() const { return mode_ == pool_mode::guard ? page_bytes : slot_alignment; }

void poisoner::forbid(void *at, size_t len) const {
  if (mode_ == pool_mode::shadow) shadow_poison(at, len);
}

void poisoner::kill(void *slot, uint32_t size) const {
  switch (mode_) {
    case pool_mode::plain: break;
    case pool_mode::shadow: shadow_poison(slot, size); break;
    case pool_mode::guard: protect(slot, size, false); break;
    case pool_mode::pattern: memset(slot, dead_byte, size); break;
  }
}

void poisoner::revive(void *slot, uint32_t size) const {
  if (mode_ == pool_mode::plain) return;
  if (mode_ == pool_mode::shadow) return shadow_unpoison(slot, size);
  if (mode_ == pool_mode::guard) protect(slot, size, true);
  memset(static_cast<uint8_t *>(slot) + size, redzone_byte, redzone_bytes);
}

const uint8_t *poisoner::damage(const void *dead_slot, uint32_t size) const {
  return mode_ == pool_mode::pattern ? first_other(dead_slot, size, dead_byte) : nullptr;
}

const uint8_t *poisoner::overflow(const void *live_slot, uint32_t size) const {
  if (mode_ != pool_mode::guard && mode_ != pool_mode::pattern) return nullptr;
  return first_other(static_cast<const uint8_t *>(live_slot) + size, redzone_bytes, redzone_byte);
}

void move_fence(void *at, size_t was, size_t used) {
  constexpr size_t granule = 8;  // of shadow memory; the last one may be accessible in part
  char *p = static_cast<char *>(at);
  if (used < was)
    shadow_poison(p + used, (was + granule - 1) / granule * granule - used);
  else
    shadow_unpoison(p + was / granule * granule, used - was / granule * granule);
}

}  // namespace kyu::watch
