#include "devices/emac.h"

#include "boot/cpu.h"
#include "boot/mmu.h"
#include "devices/gic.h"
#include "devices/timer.h"
#include "kernel/thread.h"

#include <new>

namespace kyu::board {

namespace {

// Clock control unit and system control (H3 user manual, 4.3 and 4.5).
constexpr uintptr_t ccu = 0x01c20000, bus_gating0 = ccu + 0x60, bus_gating4 = ccu + 0x70,
                    bus_reset0 = ccu + 0x2c0, bus_reset2 = ccu + 0x2c8;
constexpr uint32_t gate_emac = 1 << 17, gate_ephy = 1 << 0, reset_emac = 1 << 17, reset_ephy = 1 << 2;
constexpr uintptr_t emac_ephy_clock = 0x01c00030;
constexpr uint32_t phy_address = 1;
constexpr uint32_t ephy_internal = 1 << 15, ephy_24mhz = 1 << 18, ephy_address_shift = 20;
constexpr uintptr_t sid = 0x01c14000;  // the chip's identity, four words

constexpr uintptr_t emac = 0x01c30000;
constexpr uintptr_t basic_ctl0 = emac, basic_ctl1 = emac + 4, int_sta = emac + 8, int_en = emac + 0xc,
                    tx_ctl0 = emac + 0x10, tx_ctl1 = emac + 0x14, tx_desc_list = emac + 0x20,
                    rx_ctl0 = emac + 0x24, rx_ctl1 = emac + 0x28, rx_desc_list = emac + 0x34,
                    rx_frm_flt = emac + 0x38, mii_cmd = emac + 0x48, mii_data = emac + 0x4c,
                    addr0_high = emac + 0x50, addr0_low = emac + 0x54;
constexpr uint32_t ctl0_full_duplex = 1, ctl0_100mbit = 3 << 2, ctl0_10mbit = 2 << 2;
constexpr uint32_t ctl1_soft_reset = 1, ctl1_burst_shift = 24;
constexpr uint32_t int_rx = 1 << 8, int_rx_no_buffer = 1 << 9;
constexpr uint32_t tx_enable = 1u << 31, tx_dma_start = 1u << 31, tx_dma_enable = 1 << 30,
                   tx_whole_frames = 1 << 1;
constexpr uint32_t rx_enable = 1u << 31, rx_dma_start = 1u << 31, rx_dma_enable = 1 << 30,
                   rx_whole_frames = 1 << 1;
constexpr uint32_t mii_busy = 1, mii_write = 2, mii_reg_shift = 4, mii_phy_shift = 12,
                   mii_clock_128 = 3 << 20;
constexpr uint32_t spi_emac = 32 + 82;

// IEEE 802.3, 22.2.4.
constexpr uint32_t phy_control = 0, phy_status = 1, phy_advertised = 4, phy_partner = 5;
constexpr uint32_t phy_reset = 1 << 15, phy_autonegotiate = 1 << 12, phy_restart = 1 << 9;
constexpr uint32_t phy_link = 1 << 2, phy_negotiated = 1 << 5;
constexpr uint32_t able_10_full = 1 << 6, able_100_half = 1 << 7, able_100_full = 1 << 8, able_all = 0x1e1;

constexpr uint64_t patience_us = 100'000;

struct dma_memory {
  emac_ring_memory rx, tx;
};
alignas(page_bytes) uint8_t dma_bytes[(sizeof(dma_memory) + page_bytes - 1) / page_bytes * page_bytes];
dma_memory &dma() { return *reinterpret_cast<dma_memory *>(dma_bytes); }

alignas(rx_ring) uint8_t rx_bytes[sizeof(rx_ring)];
alignas(tx_ring) uint8_t tx_bytes[sizeof(tx_ring)];
rx_ring *rx;
tx_ring *tx;
condition arrived;
bool holds_frame, stopped, link_is_up;
volatile bool found_no_buffer;  // the device, which receives nothing more then
uint64_t interrupts, restarts;
ether_addr address;

uint32_t bus_address(const volatile void *at) { return uint32_t(reinterpret_cast<uintptr_t>(at)); }

// False: the bit did not change in time. A device that does not answer must not hang the board.
bool wait_until_clear(uintptr_t reg, uint32_t bit) {
  for (uint64_t end = timer_us() + patience_us; timer_us() < end;)
    if ((mmio(reg) & bit) == 0) return true;
  return false;
}

uint32_t phy_read(uint32_t reg) {
  mmio(mii_cmd) = mii_busy | reg << mii_reg_shift | phy_address << mii_phy_shift | mii_clock_128;
  return wait_until_clear(mii_cmd, mii_busy) ? mmio(mii_data) & 0xffff : 0;
}

void phy_put(uint32_t reg, uint32_t value) {
  mmio(mii_data) = value;
  mmio(mii_cmd) = mii_busy | mii_write | reg << mii_reg_shift | phy_address << mii_phy_shift | mii_clock_128;
  (void)wait_until_clear(mii_cmd, mii_busy);
}

ether_addr address_in_device() {
  uint32_t low = mmio(addr0_low), high = mmio(addr0_high);
  return {{uint8_t(low), uint8_t(low >> 8), uint8_t(low >> 16), uint8_t(low >> 24), uint8_t(high),
           uint8_t(high >> 8)}};
}

// Locally administered, and different for each chip.
ether_addr address_of_chip() {
  uint32_t a = mmio(sid) & 0xff, b = mmio(sid + 12) ^ mmio(sid + 8);
  return {{0x02, uint8_t(a), uint8_t(b >> 24), uint8_t(b >> 16), uint8_t(b >> 8), uint8_t(b)}};
}

bool is_usable(const ether_addr &a) {
  uint32_t any = 0;
  for (uint8_t byte : a.octet) any |= byte;
  return any != 0 && (a.octet[0] & 1) == 0;
}

void set_address(const ether_addr &a) {
  mmio(addr0_high) = uint32_t(a.octet[4]) | uint32_t(a.octet[5]) << 8;
  mmio(addr0_low) = uint32_t(a.octet[0]) | uint32_t(a.octet[1]) << 8 | uint32_t(a.octet[2]) << 16 |
                    uint32_t(a.octet[3]) << 24;
}

void switch_on() {
  mmio(bus_gating0) = mmio(bus_gating0) | gate_emac;
  mmio(bus_gating4) = mmio(bus_gating4) | gate_ephy;
  mmio(bus_reset0) = mmio(bus_reset0) | reset_emac;
  mmio(bus_reset2) = mmio(bus_reset2) | reset_ephy;
  mmio(emac_ephy_clock) = ephy_internal | ephy_24mhz | phy_address << ephy_address_shift;
}

void on_interrupt() {
  ++interrupts;
  uint32_t status = mmio(int_sta);
  mmio(int_sta) = status;
  if ((status & int_rx_no_buffer) != 0) found_no_buffer = true;
  arrived.notify_all();
}

void start_phy() {
  phy_put(phy_control, phy_reset);
  for (uint64_t end = timer_us() + patience_us;
       timer_us() < end && (phy_read(phy_control) & phy_reset) != 0;) {
  }
  phy_put(phy_advertised, able_all);
  phy_put(phy_control, phy_autonegotiate | phy_restart);
}

void start_dma() {
  constexpr uint32_t burst = 8;
  mmio(basic_ctl1) = burst << ctl1_burst_shift;
  mmio(tx_desc_list) = bus_address(dma().tx.descriptor);
  mmio(rx_desc_list) = bus_address(dma().rx.descriptor);
  mmio(rx_frm_flt) = 0;  // to us, and broadcasts
  mmio(tx_ctl0) = tx_enable;
  mmio(tx_ctl1) = tx_dma_enable | tx_whole_frames;
  mmio(rx_ctl0) = rx_enable;
  mmio(rx_ctl1) = rx_dma_start | rx_dma_enable | rx_whole_frames;
}

// The device stops when it finds no buffer. It is told where the next one is expected, and not only to look
// again: QEMU 7.2's has forgotten where it was. With interrupts off, when all that had come has been taken.
void resume_receiving() {
  found_no_buffer = false;
  ++restarts;
  mmio(rx_ctl1) = rx_whole_frames;
  mmio(rx_desc_list) = rx->next_descriptor();
  mmio(rx_ctl1) = rx_dma_start | rx_dma_enable | rx_whole_frames;
}

const_bytes take_frame() {
  const_bytes frame = rx->take();
  holds_frame = !frame.empty();
  return frame;
}

}  // namespace

void emac_start() {
  switch_on();
  address = address_in_device();
  if (!is_usable(address)) address = address_of_chip();
  mmio(basic_ctl1) = ctl1_soft_reset;
  (void)wait_until_clear(basic_ctl1, ctl1_soft_reset);
  set_address(address);
  mmu_share_with_devices(dma_bytes, sizeof dma_bytes);
  rx = new (rx_bytes) rx_ring(dma().rx, bus_address(&dma().rx));
  tx = new (tx_bytes) tx_ring(dma().tx, bus_address(&dma().tx));
  start_phy();
  start_dma();
  gic_enable(spi_emac, on_interrupt);
  mmio(int_en) = int_rx | int_rx_no_buffer;
}

ether_addr emac_address() { return address; }

const_bytes emac_receive() {
  if (holds_frame) rx->give_back();
  holds_frame = false;
  for (;;) {
    no_interrupts lock;
    if (stopped) return {};
    const_bytes frame = take_frame();
    if (holds_frame) return frame;
    if (found_no_buffer) {
      resume_receiving();  // which may bring one at once
      continue;
    }
    arrived.wait(lock);
  }
}

void emac_stop() {
  stopped = true;
  arrived.notify_all();
}

uint8_t *emac_reserve(uint32_t len) { return link_is_up ? tx->reserve(len) : nullptr; }

void emac_commit(uint32_t len) {
  tx->commit(len);
  mmio(tx_ctl1) = tx_dma_start | tx_dma_enable | tx_whole_frames;
}

bool emac_follow_link() {
  (void)phy_read(phy_status);  // a link that was down meanwhile is told once
  uint32_t status = phy_read(phy_status);
  bool up = (status & phy_link) != 0 && (status & phy_negotiated) != 0;
  if (up && !link_is_up) {
    uint32_t both = phy_read(phy_partner) & phy_read(phy_advertised);
    bool fast = (both & (able_100_full | able_100_half)) != 0;
    bool full = (both & (fast ? able_100_full : able_10_full)) != 0;
    mmio(basic_ctl0) = (fast ? ctl0_100mbit : ctl0_10mbit) | (full ? ctl0_full_duplex : 0);
  }
  link_is_up = up;
  return up;
}

emac_counts emac_counted() {
  no_interrupts lock;
  return {rx->frames, tx->frames, rx->refused, tx->full, rx->resyncs, restarts, interrupts};
}

}  // namespace kyu::board
