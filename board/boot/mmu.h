// Address translation. RAM is mapped one to one by pages of 4 KiB, each with its own access; devices by
// sections; nothing else is mapped, page 0 neither, so that a null pointer faults.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kyu::board {

inline constexpr uint32_t page_bytes = 4096;

enum class access : uint8_t { none, read_write, read_only, execute };

// Builds the tables and switches MMU and caches on; after a restart, puts every page back to what it was.
void mmu_start();

// Pages that contain [at, at + len) get this access. They must be RAM that the tables cover.
void mmu_protect(void *at, size_t len, access);

// Pages that a device shares with the processor: neither cached nor reordered.
void mmu_share_with_devices(void *at, size_t len);

// KASAN's shadow (witness/kasan.cc) of the RAM that the tables cover: mapped and zero in an image with
// KYU_KASAN.
inline constexpr uintptr_t shadow_offset = 0x20000000;
constexpr uintptr_t shadow_of(uintptr_t address) { return (address >> 3) + shadow_offset; }
// The address whose shadow this is; other addresses as they are.
constexpr uintptr_t behind_shadow(uintptr_t address) {
  return address >= shadow_offset && address < 0x40000000 ? (address - shadow_offset) << 3 : address;
}

// The address is RAM that may be read.
bool mmu_readable(uintptr_t address);

}  // namespace kyu::board
