// Reassembly of fragments (RFC 791, 3.2; RFC 1122, 3.3.2; RFC 815's task; BSD: ip_reass in
// netinet/ip_input.c; volume 2, section 10.4 ff.). What is waiting is bounded by two pools; a datagram
// whose fragments overlap is dropped as a whole, with those that are still to come (RFC 5722).
#pragma once

#include "ip/ip.h"
#include "memory/mbuf.h"
#include "sys/guarded.h"
#include "sys/queue.h"

namespace kyu {

struct Stack;

// RFC 1122, 3.3.2: between 60 and 120 seconds, and not the sender's to choose.
inline constexpr uint32_t ipfragttl_ms = 60 * 1000;
// A datagram of 65535 bytes has 45 fragments on Ethernet.
inline constexpr uint8_t ip_maxfragsperpacket = 48;

// Bytes [off, off + len) of a datagram's data.
struct ipfrag {
  uint32_t ipf_off, ipf_len;
  mbuf *ipf_m = nullptr;
  queue_link<ipfrag> ipf_q;

  ipfrag(uint32_t off, uint32_t len) : ipf_off(off), ipf_len(len) {}
};

// A datagram of which some fragments are here.
struct ipq {
  ip ipq_head;            // whose fragments: source, destination, protocol, id; the first one's header
  uint64_t ipq_expire;    // ms
  uint32_t ipq_len = 0;   // of the data, once the last fragment is here; 0: not known
  uint32_t ipq_have = 0;  // bytes
  uint8_t ipq_nfrags = 0;
  bool ipq_first = false;                   // the first fragment is here
  bool ipq_refused = false;                 // fragments overlapped: nothing of it is taken any more
  queue<ipfrag, &ipfrag::ipf_q> ipq_frags;  // by offset
  queue_link<ipq> ipq_next;

  ipq(const ip &head, uint64_t expire) : ipq_head(head), ipq_expire(expire) {}
};

using ipq_list = queue<ipq, &ipq::ipq_next>;

// One fragment; `m` begins with its header of `hlen` bytes. The whole datagram, behind the first
// fragment's header without its options, when this was the last one that was missing.
NET_LOCKED mbuf_ptr ip_reass(Stack &, mbuf_ptr m, const ip &iph, uint32_t hlen);

// Drops what has waited too long, and tells the sender where RFC 792 wants that. By the slow timer.
NET_LOCKED void ip_slowtimo(Stack &);

// ms at which ip_slowtimo() has something to do next; UINT64_MAX: nothing.
NET_LOCKED uint64_t ip_next_due(const Stack &);

}  // namespace kyu
