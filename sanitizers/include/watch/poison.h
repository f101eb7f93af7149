// What makes a freed slot unusable. With AddressSanitizer it is poisoned in shadow memory, so that
// any access reports; without, it is filled with a pattern that is checked before the slot is used
// again and at the end of a scenario.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kyu::watch {

inline constexpr uint8_t dead_byte = 0xdb;

// True where a read of a dead slot reports by itself.
bool poison_traps();

void poison(void *at, size_t len);    // the slot is dead
void unpoison(void *at, size_t len);  // the slot becomes an object
// Makes memory that no object has used yet inaccessible, where that costs nothing per slot.
void poison_fresh(void *at, size_t len);

// Of a buffer that is aligned to 8, only the first `used` bytes may be touched from now on; before, it
// was the first `was`. Costs what lies between.
void move_fence(void *at, size_t was, size_t used);

// The first byte of a dead slot that was written since; null: none.
const uint8_t *find_damage(const void *at, size_t len);

// Lets the current function read an object that may be dead.
bool readable(const void *at, size_t len);

}  // namespace kyu::watch
