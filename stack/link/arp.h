// ARP for IPv4 over Ethernet (RFC 826, RFC 1122 2.3.2; BSD: netinet/if_ether.c; volume 2,
// chapter 21).
#pragma once

#include "link/ethernet.h"
#include "sys/guarded.h"

namespace kyu {

// Entries; a remote host can fill the table, and then replaces the one that is missed least.
inline constexpr int arptab_size = 16;
inline constexpr uint32_t arpt_keep_ms = 20 * 60 * 1000;  // a resolved entry
inline constexpr uint32_t arpt_down_ms = 20 * 1000;       // a host that did not answer
inline constexpr uint32_t arp_retry_ms = 1000;
inline constexpr uint8_t arp_maxtries = 5;
inline constexpr uint8_t arp_maxhold = 8;  // for each neighbour; the oldest makes room

enum class arp_state : uint8_t { free, incomplete, resolved, down };

struct arp_entry {
  arp_state la_state = arp_state::free;
  uint8_t la_asked = 0;  // requests sent
  uint32_t la_addr = 0;
  ether_addr la_mac{};
  mbuf *la_hold = nullptr;  // packets that wait for the answer, oldest first, by m_nextpkt
  uint8_t la_held = 0;
  uint64_t la_expire = 0;  // ms: next request, or end of life
  uint64_t la_used = 0;    // ms of the last packet to it
};

struct arp_table {
  arp_entry entries[arptab_size];
  int used = 0;  // entries [0, used) were ever used
};

NET_LOCKED void arp_input(Stack &, mbuf_ptr);

// Asks everybody who has `tpa`. `spa`: our address, or 0 where we have none yet.
NET_LOCKED void arp_request(Stack &, uint32_t spa, uint32_t tpa);

// Sends an IP packet to a neighbour once its address is known. Takes ownership.
// err::hostunreach: it did not answer lately.
NET_LOCKED err arp_output(Stack &, mbuf_ptr, uint32_t neighbour);

// Our address is another one: what waits for neighbours would leave under the old one (RFC 2131, 4.4.5), and
// they may be on another network.
NET_LOCKED void arp_flush(Stack &);

// Retries, gives up, expires. Called by the slow timer.
NET_LOCKED void arp_timer(Stack &);

// ms at which arp_timer() has something to do next; UINT64_MAX: nothing.
NET_LOCKED uint64_t arp_next_due(const Stack &);

}  // namespace kyu
