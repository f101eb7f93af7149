// Fixed pools: one for each kind of object, so that exhaustion is a state to test and not an
// accident. Objects are type-stable, as in BSD. Bookkeeping lies outside the objects: an overflow
// cannot corrupt it, and a freed object can be poisoned to its last byte.
//
// `pl_limit` counts live objects and decides when an allocation fails; the number of slots may be
// larger, so that freed ones can lie in quarantine without changing what the stack sees.
#pragma once

#include "sys/assert.h"
#include "sys/bytes.h"

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace kyu {

enum class pool_kind : uint8_t { socket, inpcb, tcpcb, mbuf, cluster, tseg, ipq, ipfrag };
inline constexpr int pool_kinds = 8;

struct pool;

// The one seam between the stack and whoever watches it (sanitizers/). A stack without a watcher
// has a null seam and pools that check nothing, as BSD's free lists did.
struct pool_seam {
  void *ctx = nullptr;
  // False makes this allocation fail, as an exhausted pool does.
  bool (*allow)(void *ctx, const pool &) = nullptr;
  // A slot becomes an object; called before its constructor.
  void (*on_alloc)(void *ctx, const pool &, void *obj) = nullptr;
  // An object is given back. Before its destructor: judges whether it may be freed at all.
  void (*on_release)(void *ctx, const pool &, void *obj) = nullptr;
  // After its destructor: the slot is dead, and is poisoned.
  void (*on_free)(void *ctx, const pool &, void *obj) = nullptr;
  // A word of a live object's life changed (so_state, t_state, a queue move): for its biography.
  void (*on_change)(void *ctx, const void *obj, const char *word, uint32_t was, uint32_t is) = nullptr;
};

struct pool {
  const char *pl_name = nullptr;
  pool_kind pl_kind = pool_kind::socket;
  uint32_t pl_size = 0;    // bytes of one object
  uint32_t pl_stride = 0;  // bytes from slot to slot: object and redzone
  uint32_t pl_limit = 0;   // live objects at most
  uint32_t pl_slots = 0;   // at least pl_limit
  uint8_t *pl_base = nullptr;
  uint32_t pl_stride_shift = 0, pl_stride_inverse = 0;  // dividing by pl_stride what it divides
  uint32_t *pl_next = nullptr;                          // free list by slot number, outside the objects
  uint32_t pl_fresh = 0;                                // slots from here on were never used
  uint32_t pl_head = 0, pl_tail = 0;                    // free list: first and last slot + 1, 0 where empty
  uint32_t pl_live = 0, pl_peak = 0, pl_failed = 0;
  const pool_seam *pl_seam = nullptr;

  bool all_free() const { return pl_live == 0; }
};

// How one pool is laid out in memory.
struct pool_layout {
  uint32_t limit = 0;
  uint32_t quarantine = 0;  // further slots, so that a freed object rests before it is used again
  uint32_t redzone = 0;     // bytes behind each object, a multiple of 8
  uint32_t align = 16;      // of each object, a power of two
};

// Bytes that pool_init() will take from its memory, which must be aligned to 16.
size_t pool_bytes(uint32_t size, const pool_layout &);

// Sets up an empty pool in `memory` and returns what is left of it. Touches no slot.
bytes pool_init(pool &, const char *name, pool_kind, uint32_t size, const pool_layout &, const pool_seam *,
                bytes memory);

// Raw slots; null where the limit is reached or the seam forbids.
void *pool_get(pool &);
void pool_put(pool &, void *obj);

// Slot number of an address inside the pool's memory; pl_slots where it is none of ours.
uint32_t pool_slot(const pool &, const void *addr);

template <class T, class... Args>
T *pool_new(pool &pl, Args &&...args) {
  KASSERT(sizeof(T) == pl.pl_size, "pool_new: wrong pool");
  void *at = pool_get(pl);
  return at == nullptr ? nullptr : new (at) T(std::forward<Args>(args)...);
}

inline void pool_release(pool &pl, void *obj) {
  if (pl.pl_seam != nullptr) pl.pl_seam->on_release(pl.pl_seam->ctx, pl, obj);
}

template <class T>
void pool_delete(pool &pl, T *obj) {
  pool_release(pl, obj);
  obj->~T();
  pool_put(pl, obj);
}

inline void pool_note(const pool &pl, const void *obj, const char *word, uint32_t was, uint32_t is) {
  if (pl.pl_seam != nullptr && was != is) pl.pl_seam->on_change(pl.pl_seam->ctx, obj, word, was, is);
}

}  // namespace kyu
