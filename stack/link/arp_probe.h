// Is an address free? Duplicate address detection by ARP (RFC 5227), and holding on to ours.
#pragma once

#include "kyu/locker.h"
#include "link/ethernet.h"
#include "sys/errno.h"
#include "sys/guarded.h"

#include <cstdint>

namespace kyu {

// RFC 5227, 1.1, ms.
inline constexpr uint32_t arp_probe_wait = 1000, arp_probe_min = 1000, arp_probe_max = 2000;
inline constexpr uint32_t arp_announce_wait = 2000, arp_announce_interval = 2000;
inline constexpr uint32_t arp_defend_interval = 10 * 1000;
inline constexpr uint8_t arp_probe_num = 3, arp_announce_num = 2;

enum class probe_state : uint8_t { idle, probing, conflict, clear };

struct arp_prober {
  probe_state state = probe_state::idle;
  uint32_t addr = 0;       // the one that we ask for
  uint64_t defended = 0;   // ms of the last time that we held on to our address
  uint32_t conflicts = 0;  // others that used our address
  wait_channel changed;    // who waits for the outcome
};

// Asks whether anybody has `addr`, for some seconds; the locker is given back meanwhile. err::ok:
// nobody answered. err::addrinuse: somebody has it, or asks for it as well. err::already: a probe is
// under way.
NET_LOCKED err arp_probe(Stack &, uint32_t addr);

// Tells everybody that our address is ours (RFC 5227, 2.3): twice; the caller's thread sleeps between, but
// not beyond `until`, ms.
NET_LOCKED void arp_announce(Stack &, uint64_t until);

// An ARP packet with this sender came: whether it bears on a probe or on our own address.
NET_LOCKED void arp_check_conflict(Stack &, const ether_addr &sha, uint32_t spa, uint32_t tpa);

}  // namespace kyu
