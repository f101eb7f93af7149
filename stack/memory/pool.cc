#include "memory/pool.h"

namespace kyu {

namespace {

constexpr uint32_t list_align = 16;

constexpr size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

uint32_t stride_of(uint32_t size, const pool_layout &layout) {
  return uint32_t(round_up(size + layout.redzone, layout.align));
}

uint32_t slots_of(const pool_layout &layout) { return layout.limit + layout.quarantine; }

// The odd part of `d` times this is 1, modulo 2^32: an offset that is known to be a multiple of d is
// divided by a shift and a multiplication. Each step doubles the bits that are right.
uint32_t inverse_of_odd_part(uint32_t d) {
  d >>= __builtin_ctz(d);
  uint32_t x = d;  // three bits
  for (int bits = 3; bits < 32; bits *= 2) x *= 2 - d * x;
  return x;
}

// Slot number of an object that is one.
uint32_t slot_of(const pool &pl, const void *obj) {
  auto off = uint32_t(static_cast<const uint8_t *>(obj) - pl.pl_base);
  uint32_t slot = (off >> pl.pl_stride_shift) * pl.pl_stride_inverse;
  KASSERT(slot < pl.pl_slots, "pool_put: no object of this pool");
  return slot;
}

size_t list_bytes(const pool_layout &layout) {
  return round_up(slots_of(layout) * sizeof(uint32_t), list_align);
}

}  // namespace

// One redzone also lies before the first slot.
size_t pool_bytes(uint32_t size, const pool_layout &layout) {
  return list_bytes(layout) + round_up(layout.redzone, list_align) + layout.align +
         size_t(slots_of(layout)) * stride_of(size, layout);
}

bytes pool_init(pool &pl, const char *name, pool_kind kind, uint32_t size, const pool_layout &layout,
                const pool_seam *seam, bytes memory) {
  size_t need = pool_bytes(size, layout);
  KASSERT(memory.size() >= need, "pool_init: not enough memory");
  KASSERT(need <= UINT32_MAX, "pool_init: more than pool_slot() can count");
  pl = pool{};
  pl.pl_name = name;
  pl.pl_kind = kind;
  pl.pl_size = size;
  pl.pl_stride = stride_of(size, layout);
  pl.pl_stride_shift = uint32_t(__builtin_ctz(pl.pl_stride));
  pl.pl_stride_inverse = inverse_of_odd_part(pl.pl_stride);
  pl.pl_limit = layout.limit;
  pl.pl_slots = slots_of(layout);
  pl.pl_next = reinterpret_cast<uint32_t *>(memory.data());
  auto list_end = reinterpret_cast<uintptr_t>(memory.data()) + list_bytes(layout);
  pl.pl_base = reinterpret_cast<uint8_t *>(round_up(list_end + layout.redzone, layout.align));
  pl.pl_seam = seam;
  return memory.subspan(need);
}

uint32_t pool_slot(const pool &pl, const void *addr) {
  auto at = reinterpret_cast<uintptr_t>(addr), base = reinterpret_cast<uintptr_t>(pl.pl_base);
  if (at < base || at - base >= uintptr_t(pl.pl_slots) * pl.pl_stride) return pl.pl_slots;
  return uint32_t(at - base) / pl.pl_stride;
}

// A watched pool uses fresh slots first and then the one that has been free for longest, so that a
// stale pointer meets a dead object; a plain one takes the warmest.
void *pool_get(pool &pl) {
  const pool_seam *seam = pl.pl_seam;
  if (pl.pl_live >= pl.pl_limit || (seam != nullptr && !seam->allow(seam->ctx, pl))) {
    ++pl.pl_failed;
    return nullptr;
  }
  uint32_t slot;
  bool fresh_first = seam != nullptr || pl.pl_head == 0;
  if (fresh_first && pl.pl_fresh < pl.pl_slots) {
    slot = pl.pl_fresh++;
  } else {
    KASSERT(pl.pl_head != 0, "pool_get: free list lost slots");
    slot = pl.pl_head - 1;
    pl.pl_head = pl.pl_next[slot];
    if (pl.pl_head == 0) pl.pl_tail = 0;
  }
  ++pl.pl_live;
  pl.pl_peak = max_of(pl.pl_peak, pl.pl_live);
  void *obj = pl.pl_base + size_t(slot) * pl.pl_stride;
  if (seam != nullptr) seam->on_alloc(seam->ctx, pl, obj);
  return obj;
}

void pool_put(pool &pl, void *obj) {
  uint32_t slot = slot_of(pl, obj);
  if (pl.pl_seam == nullptr) {
    pl.pl_next[slot] = pl.pl_head;
    pl.pl_head = slot + 1;
    if (pl.pl_tail == 0) pl.pl_tail = slot + 1;
  } else {
    pl.pl_next[slot] = 0;
    (pl.pl_tail != 0 ? pl.pl_next[pl.pl_tail - 1] : pl.pl_head) = slot + 1;
    pl.pl_tail = slot + 1;
    pl.pl_seam->on_free(pl.pl_seam->ctx, pl, obj);
  }
  --pl.pl_live;
}

}  // namespace kyu
