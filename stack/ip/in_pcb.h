// Protocol control blocks (BSD: netinet/in_pcb.c; volume 2, chapter 22).
#pragma once

#include "ip/ip.h"
#include "socket/socketvar.h"
#include "sys/guarded.h"
#include "sys/queue.h"

namespace kyu {

struct tcpcb;

struct inpcb {
  Stack *inp_stack;
  socket *inp_socket;
  struct inpcbinfo *inp_info;
  endpoint inp_laddr, inp_faddr;            // addr 0: any; port 0: none yet
  tcpcb *inp_ppcb = nullptr;                // TCP only
  uint8_t inp_tos = 0, inp_ttl = IPDEFTTL;  // of what it sends
  queue_link<inpcb> inp_list;               // all of a protocol
  queue_link<inpcb> inp_hash;               // by remote port and local port, once connected

  inpcb(Stack *st, socket *so, inpcbinfo *info) : inp_stack(st), inp_socket(so), inp_info(info) {}
};

struct inpcbinfo {
  static constexpr uint32_t buckets = 64;
  queue<inpcb, &inpcb::inp_list> ipi_all;
  queue<inpcb, &inpcb::inp_hash> ipi_hash[buckets];
};

inline constexpr uint16_t IPPORT_EPHEMERAL = 49152;  // RFC 6335's dynamic ports

inline inpcb *sotoinpcb(const socket *so) { return so->so_pcb; }

// A pcb for the socket, on its protocol's list.
NET_LOCKED err in_pcballoc(socket *, inpcbinfo &);
// Unlinks and frees the pcb and lets go of the socket, which goes too where no user holds it.
NET_LOCKED void in_pcbdetach(inpcb *);
// Port 0 picks an ephemeral one.
NET_LOCKED err in_pcbbind(inpcb *, endpoint local);
// Fixes the remote end, choosing local address and port where they are open.
NET_LOCKED err in_pcbconnect(inpcb *, endpoint peer);
void in_pcbdisconnect(inpcb *);
// The best match: a connected pcb, else the bound one with the fewest wildcards; null: none.
inpcb *in_pcblookup(inpcbinfo &, endpoint faddr, endpoint laddr);
// A connected pcb only.
inpcb *in_pcblookup_connected(inpcbinfo &, endpoint faddr, endpoint laddr);

}  // namespace kyu
