// The interrupt controller: a GIC-400 (ARM IHI 0048), used without priorities and by one processor.
#pragma once

#include <cstdint>

namespace kyu::board {

void gic_start();
// From now on, `handler` is called with interrupts off for each interrupt with this INTID.
void gic_enable(uint32_t intid, void (*handler)());
// An interrupt of a device may come, not only this processor's own timer's.
bool gic_expects_devices();
// Calls the handlers of all that is pending.
void gic_dispatch();

}  // namespace kyu::board
