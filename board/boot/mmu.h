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

// The address is RAM that may be read.
bool mmu_readable(uintptr_t address);

}  // namespace kyu::board
