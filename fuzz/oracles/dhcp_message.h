// DHCP messages, read by code of the oracles' own (RFC 2131, 2; RFC 2132).
#pragma once

#include "sys/bytes.h"

#include <cstdint>
#include <optional>

namespace kyu::fuzz {

inline constexpr uint16_t dhcp_server = 67, dhcp_client = 68;                       // ports
inline constexpr uint32_t dhcp_everybody = 0xffffffff, dhcp_for_ever = 0xffffffff;  // addresses, seconds
inline constexpr uint8_t dhcp_discover = 1, dhcp_offer = 2, dhcp_request = 3, dhcp_decline = 4, dhcp_ack = 5,
                         dhcp_nak = 6, dhcp_release = 7;

// Whichever way it goes; options also from where they overflow into (RFC 2131, 4.1).
struct dhcp_message {
  bool well_formed = false;
  uint8_t op = 0, type = 0;
  uint32_t xid = 0, ciaddr = 0, yiaddr = 0;
  uint16_t secs = 0;
  bool broadcast = false;                                // is wanted for the answer
  const_bytes chaddr;                                    // of Ethernet
  std::optional<uint32_t> server, asked, lease, t1, t2;  // server identifier, requested address, seconds
  std::optional<uint32_t> mask, router;
  std::optional<uint16_t> max_size;  // bytes of a message
  bool wants_options = false;

  static dhcp_message read(const_bytes datagram);
};

}  // namespace kyu::fuzz
