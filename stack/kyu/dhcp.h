// A DHCP client (RFC 2131, RFC 2132), as an application on Kyu's API: how a board gets its address, and keeps
// it for as long as it may. Not here: INIT-REBOOT (a board remembers nothing), INFORM, and RELEASE (a board
// is switched off).
#pragma once

#include "kyu/kyu.h"
#include "link/ethernet.h"
#include "sys/bytes.h"

#include <cstdint>

namespace kyu {

inline constexpr uint16_t dhcp_server_port = 67, dhcp_client_port = 68;
inline constexpr uint32_t dhcp_max_message = 576 - 28;  // what every client takes (RFC 2131, section 2)
inline constexpr uint32_t dhcp_forever = UINT32_MAX;    // as a lease's seconds

enum class dhcp_type : uint8_t { none, discover, offer, request, decline, ack, nak };

// What a server's message says; what it does not say is zero.
struct dhcp_answer {
  dhcp_type type = dhcp_type::none;
  uint32_t addr = 0;    // "your" address
  uint32_t server = 0;  // its identifier, which is its address
  uint32_t mask = 0, gateway = 0, dns = 0;
  uint32_t lease_s = 0, t1_s = 0, t2_s = 0;
};

// What a client's message says beside what each does.
struct dhcp_question {
  dhcp_type type = dhcp_type::discover;
  uint32_t xid = 0;
  uint16_t secs = 0;  // since it began to ask
  ether_addr mac;
  uint32_t ciaddr = 0;     // the address that it has; 0: answers are to be broadcast
  uint32_t requested = 0;  // the address that it wants
  uint32_t server = 0;     // whose offer it takes, or declines
};

// Reads a server's answer to the question `xid` of `mac`. Each option counts where it comes first. False:
// broken, or for somebody else.
bool dhcp_read(const_bytes message, uint32_t xid, const ether_addr &mac, dhcp_answer *out);

// Its length.
uint32_t dhcp_write(const dhcp_question &, uint8_t (&to)[dhcp_max_message]);

// An address on loan. Times are ms of the stack's clock; UINT64_MAX: never.
struct dhcp_lease {
  net_ifconfig config;
  uint32_t server = 0;
  uint32_t dns = 0;  // a name server; 0: none was told of
  uint64_t renew_at = 0, rebind_at = 0, expires_at = 0;
};

// What an offer or acknowledgment that came to a question of `asked_at` lends. False: no address that a
// host can have, or none for any time.
bool dhcp_lease_from(const dhcp_answer &, uint64_t asked_at, dhcp_lease *out);

// Called on the client's thread for each address that it takes, and when it has none any more (addr 0).
struct dhcp_listener {
  void *ctx = nullptr;
  void (*told)(void *ctx, const dhcp_lease &) = nullptr;
};

// The client: gives up the interface's address, asks for one, takes it when nobody turns out to have it
// (RFC 5227), renews it, and begins anew when it is lost. Returns when its socket is shut down or closed
// (err::notconn, err::badf) or cannot be made; the interface has no address then.
err dhcp_run(Stack &, const dhcp_listener &);

}  // namespace kyu
