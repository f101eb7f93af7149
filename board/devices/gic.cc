#include "devices/gic.h"

#include "boot/cpu.h"

namespace kyu::board {

namespace {

constexpr uintptr_t distributor = 0x01c81000, interface = 0x01c82000;
constexpr uintptr_t gicd_ctlr = distributor, gicd_isenabler = distributor + 0x100,
                    gicd_icenabler = distributor + 0x180, gicd_ipriorityr = distributor + 0x400,
                    gicd_itargetsr = distributor + 0x800;
constexpr uintptr_t gicc_ctlr = interface, gicc_pmr = interface + 4, gicc_iar = interface + 0xc,
                    gicc_eoir = interface + 0x10;
constexpr uint32_t intids = 160, first_spi = 32, spurious = 1020;
constexpr uint32_t any_priority = 0xff, this_processor = 1;

void (*handlers[intids])();

uint32_t byte_lane(uint32_t intid) { return intid % 4 * 8; }

}  // namespace

void gic_start() {
  mmio(gicd_ctlr) = 0;
  for (uint32_t i = 0; i < intids; i += 32) mmio(gicd_icenabler + i / 8) = ~0u;
  mmio(gicc_pmr) = any_priority;
  mmio(gicc_ctlr) = 1;
  mmio(gicd_ctlr) = 1;
}

void gic_enable(uint32_t intid, void (*handler)()) {
  handlers[intid] = handler;
  volatile uint32_t &priority = mmio(gicd_ipriorityr + intid / 4 * 4);
  priority = (priority & ~(0xffu << byte_lane(intid))) | 0xa0u << byte_lane(intid);
  if (intid >= first_spi) {
    volatile uint32_t &target = mmio(gicd_itargetsr + intid / 4 * 4);
    target = (target & ~(0xffu << byte_lane(intid))) | this_processor << byte_lane(intid);
  }
  mmio(gicd_isenabler + intid / 32 * 4) = 1u << intid % 32;
}

bool gic_expects_devices() {
  for (uint32_t i = first_spi; i < intids; ++i)
    if (handlers[i] != nullptr) return true;
  return false;
}

void gic_dispatch() {
  for (;;) {
    uint32_t iar = mmio(gicc_iar), intid = iar & 0x3ff;
    if (intid >= spurious) return;
    if (intid < intids && handlers[intid] != nullptr) handlers[intid]();
    mmio(gicc_eoir) = iar;
  }
}

}  // namespace kyu::board
