// Path MTUs that routers told us of (RFC 1191): destinations with less than the link's.
#pragma once

#include "sys/guarded.h"

#include <cstdint>

namespace kyu {

struct Stack;

inline constexpr int pmtu_entries = 16;  // the oldest makes room
// No smaller one is believed, so that a forged error cannot make us send crumbs (RFC 5927, 7.2);
// packets to such a place may be fragmented on their way.
inline constexpr uint32_t pmtu_min = 552;
inline constexpr uint32_t pmtu_keep_ms = 10 * 60 * 1000;  // RFC 1191, 6.3

struct pmtu_entry {
  uint32_t dst = 0;
  uint16_t mtu = 0;
  bool fragment = false;  // the path has less than pmtu_min
  uint64_t expire = 0;    // ms
};

struct pmtu_table {
  pmtu_entry entries[pmtu_entries];
  int used = 0;  // entries [0, used) were ever used
};

// Bytes that an IP packet to `dst` may have; the link's MTU where nothing smaller is known.
NET_LOCKED uint32_t ip_mtu(const Stack &, uint32_t dst);
// May routers fragment what goes there?
NET_LOCKED bool ip_may_fragment(const Stack &, uint32_t dst);
// A router said that `mtu` bytes fit (0: it did not say), of a packet that had `sent`. False: it
// cannot be true.
NET_LOCKED bool ip_pmtu_reduce(Stack &, uint32_t dst, uint32_t mtu, uint32_t sent);

}  // namespace kyu
