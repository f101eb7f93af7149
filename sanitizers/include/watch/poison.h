// What makes a freed slot unusable, and what lies between two slots forbidden.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kyu::watch {

enum class pool_mode : uint8_t {
  plain,    // BSD's type-stable pools: nothing is poisoned, nothing is watched
  shadow,   // AddressSanitizer's shadow memory: any access to a dead slot or a redzone reports
  guard,    // each slot on pages of its own, inaccessible while it is dead; redzones are checked
  pattern,  // dead slots and redzones are filled, and checked before reuse and at the end
};

// Shadow in a build with AddressSanitizer, guard elsewhere.
pool_mode best_pool_mode();
// "plain", "guard", "pattern", or "best"; nothing for another name.
std::optional<pool_mode> pool_mode_named(const std::string &);

// Bytes between two slots that no object may touch.
inline constexpr uint32_t redzone_bytes = 32;

class poisoner {
 public:
  explicit poisoner(pool_mode mode) : mode_(mode) {}

  // What the slots of a pool must be aligned to.
  uint32_t alignment() const;
  // Memory that no object has used yet, where it costs nothing for each slot.
  void forbid(void *at, size_t len) const;
  // A slot of `size` bytes and a redzone dies, or becomes an object.
  void kill(void *slot, uint32_t size) const;
  void revive(void *slot, uint32_t size) const;

  // Where nothing traps: the first byte that was written to a dead slot, or to the redzone of a live
  // one; null: none.
  const uint8_t *damage(const void *dead_slot, uint32_t size) const;
  const uint8_t *overflow(const void *live_slot, uint32_t size) const;

 private:
  pool_mode mode_;
};

// Of a buffer that is aligned to 8, only the first `used` bytes may be touched from now on; before, it
// was the first `was`. Costs what lies between. Has an effect with AddressSanitizer only.
void move_fence(void *at, size_t was, size_t used);

}  // namespace kyu::watch
