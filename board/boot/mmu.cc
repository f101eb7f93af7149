// Short descriptors, ARMv7-A (DDI 0406, B3.5).
#include "boot/mmu.h"

#include "boot/cpu.h"

#include <cstring>

extern "C" uint8_t text_start[], text_end[], rodata_end[];

namespace kyu::board {

namespace {

constexpr uintptr_t ram = 0x40000000;
constexpr uint32_t section_bytes = 1 << 20, sections = 4096;
constexpr uint32_t ram_sections = 128, pages_of_section = section_bytes / page_bytes;
constexpr uint32_t pages = ram_sections * pages_of_section;
// H3 user manual, 4.1: peripherals, and the system's own at 0x01f00000.
constexpr uintptr_t device_sections[] = {0x01c00000, 0x01f00000};

// First level: a section of 1 MiB, or a table of pages.
constexpr uint32_t l1_table = 1, l1_device_section = 2 | 1 << 2 | 1 << 4 | 1 << 10;       // B, XN, AP 01
constexpr uint32_t l1_memory_section = 2 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 10 | 1 << 12;  // as l2_normal
// Second level: small pages. Normal memory, write-back and write-allocate: TEX 1, C, B.
constexpr uint32_t l2_page = 2, l2_never_execute = 1, l2_privileged = 1 << 4, l2_read_only = 1 << 9;
constexpr uint32_t l2_normal = l2_page | l2_privileged | 1 << 6 | 1 << 3 | 1 << 2;
constexpr uint32_t l2_uncached = l2_page | l2_privileged | 1 << 6;

constexpr uint32_t sctlr_mmu = 1, sctlr_alignment = 1 << 1, sctlr_data_cache = 1 << 2,
                   sctlr_branch_prediction = 1 << 11, sctlr_instruction_cache = 1 << 12;
constexpr uint32_t actlr_smp = 1 << 6;             // without it the Cortex-A7 caches nothing
constexpr uint32_t ttbr_cached_walk = 1 | 1 << 3;  // inner and outer write-back, write-allocate
constexpr uint32_t domain0_client = 1;

[[gnu::section(".page_tables")]] alignas(16384) uint32_t level1[sections];
[[gnu::section(".page_tables")]] alignas(1024) uint32_t level2[pages];

uint32_t page_entry(uintptr_t at, access a) {
  auto base = uint32_t(at);
  switch (a) {
    case access::none: return 0;
    case access::read_write: return base | l2_normal | l2_never_execute;
    case access::read_only: return base | l2_normal | l2_never_execute | l2_read_only;
    case access::execute: return base | l2_normal | l2_read_only;
  }
  return 0;
}

access access_at_start(uintptr_t at) {
  if (at < reinterpret_cast<uintptr_t>(text_start) / page_bytes * page_bytes) return access::none;
  if (at < reinterpret_cast<uintptr_t>(text_end)) return access::execute;
  if (at < reinterpret_cast<uintptr_t>(rodata_end)) return access::read_only;
  return access::read_write;
}

uint32_t section_entry(uint32_t n) {
  constexpr uint32_t first = ram / section_bytes;
  if (n >= first && n < first + ram_sections)
    return uint32_t(reinterpret_cast<uintptr_t>(&level2[(n - first) * pages_of_section])) | l1_table;
  for (uintptr_t at : device_sections)
    if (at / section_bytes == n) return uint32_t(at) | l1_device_section;
#ifdef KYU_KASAN
  constexpr uint32_t first_shadow = shadow_of(ram) / section_bytes;
  if (n >= first_shadow && n < first_shadow + ram_sections / 8)
    return uint32_t(ram + (ram_sections + n - first_shadow) * section_bytes) | l1_memory_section;
#endif
  return 0;
}

void fill_tables() {
  for (uint32_t i = 0; i < pages; ++i) {
    uintptr_t at = ram + uintptr_t(i) * page_bytes;
    level2[i] = page_entry(at, access_at_start(at));
  }
  // Each entry is written once: the tables may be in use.
  for (uint32_t i = 0; i < sections; ++i) level1[i] = section_entry(i);
}

void flush_all_translations() {
  dsb();
  write_tlbiall(0);
  dsb();
  isb();
}

// What lies in the data cache after power-up is noise: away with it, by set and way. The Cortex-A7's first
// level has 4 ways of 128 sets of 64 bytes; the second level is shared and is cleared by the boot ROM.
void invalidate_data_cache() {
  constexpr uint32_t ways = 4, sets = 128, way_shift = 30, set_shift = 6;
  for (uint32_t way = 0; way < ways; ++way)
    for (uint32_t set = 0; set < sets; ++set) write_dcisw(way << way_shift | set << set_shift);
  dsb();
}

template <class F>
void change_pages(void *at, size_t len, F entry) {
  auto from = reinterpret_cast<uintptr_t>(at) / page_bytes * page_bytes;
  auto to = reinterpret_cast<uintptr_t>(at) + len;
  for (uintptr_t page = from; page < to; page += page_bytes) {
    uint32_t &e = level2[(page - ram) / page_bytes];
    e = entry(page);
    write_dccmvac(uint32_t(reinterpret_cast<uintptr_t>(&e)));
    dsb();
    write_tlbimva(uint32_t(page));
  }
  dsb();
  isb();
}

// Nothing that is checked has run yet, or will run again.
void clear_shadow() {
#ifdef KYU_KASAN
  memset(reinterpret_cast<void *>(shadow_of(ram)), 0, ram_sections * section_bytes / 8);
#endif
}

void switch_on() {
  write_actlr(read_actlr() | actlr_smp);
  invalidate_data_cache();
  write_ttbcr(0);
  write_ttbr0(uint32_t(reinterpret_cast<uintptr_t>(level1)) | ttbr_cached_walk);
  write_dacr(domain0_client);
  write_iciallu(0);
  write_bpiall(0);
  flush_all_translations();
  write_sctlr(read_sctlr() | sctlr_mmu | sctlr_alignment | sctlr_data_cache | sctlr_branch_prediction |
              sctlr_instruction_cache);
  isb();
}

}  // namespace

void mmu_start() {
  fill_tables();
  if ((read_sctlr() & sctlr_mmu) != 0)
    flush_all_translations();
  else
    switch_on();
  clear_shadow();
}

void mmu_protect(void *at, size_t len, access a) {
  change_pages(at, len, [a](uintptr_t page) { return page_entry(page, a); });
}

void mmu_share_with_devices(void *at, size_t len) {
  change_pages(at, len, [](uintptr_t page) { return uint32_t(page) | l2_uncached | l2_never_execute; });
}

bool mmu_readable(uintptr_t address) {
  return address >= ram && address - ram < ram_sections * section_bytes &&
         level2[(address - ram) / page_bytes] != 0;
}

}  // namespace kyu::board
