// The Cortex-A7's system registers that the kernel needs, by their names in the ARM Architecture Reference
// Manual (ARMv7-A, DDI 0406).
#pragma once

#include <cstdint>

namespace kyu::board {

#define CP15_REGISTER(name, opc1, crn, crm, opc2)                                           \
  inline uint32_t read_##name() {                                                           \
    uint32_t v;                                                                             \
    asm volatile("mrc p15, " #opc1 ", %0, " #crn ", " #crm ", " #opc2 : "=r"(v));           \
    return v;                                                                               \
  }                                                                                         \
  inline void write_##name(uint32_t v) {                                                    \
    asm volatile("mcr p15, " #opc1 ", %0, " #crn ", " #crm ", " #opc2 ::"r"(v) : "memory"); \
  }

CP15_REGISTER(sctlr, 0, c1, c0, 0)
CP15_REGISTER(actlr, 0, c1, c0, 1)
CP15_REGISTER(ttbr0, 0, c2, c0, 0)
CP15_REGISTER(ttbcr, 0, c2, c0, 2)
CP15_REGISTER(dacr, 0, c3, c0, 0)
CP15_REGISTER(dfsr, 0, c5, c0, 0)
CP15_REGISTER(ifsr, 0, c5, c0, 1)
CP15_REGISTER(dfar, 0, c6, c0, 0)
CP15_REGISTER(ifar, 0, c6, c0, 2)
CP15_REGISTER(iciallu, 0, c7, c5, 0)
CP15_REGISTER(bpiall, 0, c7, c5, 6)
CP15_REGISTER(dcimvac, 0, c7, c6, 1)
CP15_REGISTER(dcisw, 0, c7, c6, 2)
CP15_REGISTER(dccmvac, 0, c7, c10, 1)
CP15_REGISTER(tlbiall, 0, c8, c7, 0)
CP15_REGISTER(tlbimva, 0, c8, c7, 1)
CP15_REGISTER(cntfrq, 0, c14, c0, 0)
CP15_REGISTER(cntv_ctl, 0, c14, c3, 1)

inline uint64_t read_cntvct() {
  uint32_t low, high;
  asm volatile("mrrc p15, 1, %0, %1, c14" : "=r"(low), "=r"(high)::"memory");
  return uint64_t(high) << 32 | low;
}

inline void write_cntv_cval(uint64_t v) {
  asm volatile("mcrr p15, 3, %0, %1, c14" ::"r"(uint32_t(v)), "r"(uint32_t(v >> 32)) : "memory");
}

#undef CP15_REGISTER

inline void dsb() { asm volatile("dsb" ::: "memory"); }
inline void isb() { asm volatile("isb" ::: "memory"); }
inline void wait_for_interrupt() { asm volatile("dsb\n\twfi" ::: "memory"); }

inline constexpr uint32_t irq_disabled = 1u << 7;  // of the CPSR

inline uint32_t read_cpsr() {
  uint32_t v;
  asm volatile("mrs %0, cpsr" : "=r"(v)::"memory");
  return v;
}

inline void disable_interrupts() { asm volatile("cpsid i" ::: "memory"); }
inline void enable_interrupts() { asm volatile("cpsie i" ::: "memory"); }

// Interrupts are off while one lives; they may be nested.
class no_interrupts {
 public:
  no_interrupts() : was_(read_cpsr()) { disable_interrupts(); }
  ~no_interrupts() {
    if ((was_ & irq_disabled) == 0) enable_interrupts();
  }
  no_interrupts(const no_interrupts &) = delete;
  no_interrupts &operator=(const no_interrupts &) = delete;

 private:
  uint32_t was_;
};

// A device's register.
inline volatile uint32_t &mmio(uintptr_t address) { return *reinterpret_cast<volatile uint32_t *>(address); }

// What a fault saves (vectors.S has the offsets).
struct registers {
  uint32_t r[13], sp, lr, pc, cpsr, unused;

  uint32_t fp() const { return r[11]; }
};
static_assert(sizeof(registers) == 72);

}  // namespace kyu::board
