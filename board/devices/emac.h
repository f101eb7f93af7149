// The H3's Ethernet controller and its PHY (H3 user manual, 8.9; the PHY is IEEE 802.3's clause 22).
#pragma once

#include "devices/emac_ring.h"
#include "link/ethernet.h"

namespace kyu::board {

// Clocks, reset, rings, PHY; frames come from now on. The hardware address is what a boot loader or an
// emulator left in the device, or one made of the chip's identity.
void emac_start();
ether_addr emac_address();

// Sleeps until a frame has come; it stays valid until the next call. One thread.
const_bytes emac_receive();
// Wakes emac_receive(), which then returns nothing, for ever.
void emac_stop();

// As port::tx_reserve and tx_commit. No frame leaves while the link is down.
uint8_t *emac_reserve(uint32_t len);
void emac_commit(uint32_t len);

// Asks the PHY, and follows it: speed and duplex. To be called about once in a second.
bool emac_follow_link();

struct emac_counts {
  uint64_t in, out, refused, tx_full, resyncs, restarts, interrupts;
};
emac_counts emac_counted();

}  // namespace kyu::board
