// Ethernet II (RFC 894) and the one interface of a stack (BSD: net/if_ethersubr.c; volume 2,
// chapter 4).
#pragma once

#include "memory/mbuf.h"
#include "sys/bytes.h"
#include "sys/errno.h"
#include "sys/guarded.h"

#include <cstdint>

namespace kyu {

struct Stack;

struct ether_addr {
  uint8_t octet[6];
  bool operator==(const ether_addr &) const = default;
};
inline constexpr ether_addr ether_broadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

struct ether_header {
  ether_addr dst, src;
  be16 type;
};
static_assert(sizeof(ether_header) == 14 && alignof(ether_header) == 1);

inline constexpr uint16_t ETHERTYPE_IP = 0x0800, ETHERTYPE_ARP = 0x0806;
inline constexpr uint32_t ETHERMTU = 1500;
inline constexpr uint32_t ETHER_MAX_LEN = ETHERMTU + sizeof(ether_header);

struct ifnet {
  ether_addr if_mac{};
  uint32_t if_addr = 0, if_mask = 0, if_gateway = 0;  // IPv4, host order; gateway 0: none
  uint32_t if_maxframe = ETHER_MAX_LEN;
  uint32_t if_ipackets = 0, if_ierrors = 0, if_opackets = 0, if_oerrors = 0;
};

// One received frame, with the locker held. Bad frames are counted and dropped.
NET_LOCKED void ether_input(Stack &, const_bytes frame);

// Sends one packet as a frame; takes ownership. err::nobufs: the ring was full or the link down.
NET_LOCKED err ether_output(Stack &, mbuf_ptr, const ether_addr &dst, uint16_t type);

}  // namespace kyu
