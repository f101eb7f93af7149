// UDP (BSD: netinet/udp_usrreq.c; volume 2, chapter 23).
#pragma once

#include "ip/in_pcb.h"
#include "ip/ip.h"
#include "sys/guarded.h"

namespace kyu {

struct udpstat {
  uint32_t udps_ipackets = 0, udps_badhdr = 0, udps_badsum = 0, udps_noport = 0;
  uint32_t udps_fullsock = 0, udps_opackets = 0;
};

inline constexpr uint32_t udp_sendspace = 9 * 1024, udp_recvspace = 24 * 1024;

// `m` begins with the IP header of `hlen` bytes (an unreachable quotes it).
NET_LOCKED void udp_input(Stack &, mbuf_ptr m, const ip &iph, uint32_t hlen);

// An ICMP error about a datagram that we sent to `dst`; `head` begins with its ports.
NET_LOCKED void udp_ctlinput(Stack &, err, uint32_t dst, const_bytes head);

// Is there a socket that may have sent the datagram that `head` quotes?
NET_LOCKED bool udp_sends_to(Stack &, uint32_t dst, const_bytes head);

NET_LOCKED err udp_attach(socket *);
NET_LOCKED void udp_detach(socket *);
NET_LOCKED err udp_connect(socket *, endpoint peer);
NET_LOCKED err udp_disconnect(socket *);
// Takes ownership of `m`. `to` is null on a connected socket.
NET_LOCKED err udp_output(socket *, mbuf *m, const endpoint *to);

}  // namespace kyu
