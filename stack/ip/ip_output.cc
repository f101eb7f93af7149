#include "ip/in_cksum.h"
#include "ip/ip_pmtu.h"
#include "ip/ip_var.h"
#include "link/arp.h"
#include "stack.h"

namespace kyu {

namespace {

// The neighbour that takes packets for `dst`; 0: no route.
NET_LOCKED uint32_t next_hop(const Stack &st, uint32_t dst) {
  bool on_link = ((dst ^ st.ifp.if_addr) & st.ifp.if_mask) == 0;
  return on_link ? dst : st.ifp.if_gateway;
}

// Under our address or not at all, also when a connection still has one that we lost; without one, to
// everybody (RFC 1122, 3.2.1.3: how a host learns its address).
NET_LOCKED bool may_leave(const Stack &st, uint32_t src, uint32_t dst) {
  return src == st.ifp.if_addr && (src != 0 || dst == INADDR_BROADCAST);
}

// To the neighbour that leads there.
NET_LOCKED err send_on(Stack &st, mbuf_ptr m, uint32_t dst) {
  ++st.ip_stat.ips_localout;
  if (in_broadcast(st, dst)) return ether_output(st, std::move(m), ether_broadcast, ETHERTYPE_IP);
  return arp_output(st, std::move(m), next_hop(st, dst));
}

// One that no packet to that host has had for as long as possible (RFC 6864, 4.3): each the next, from a
// place that another host cannot tell from its own (as RFC 7739, 5.3, has it for IPv6).
NET_LOCKED uint16_t identification(Stack &st, uint32_t dst) {
  const uint64_t words[] = {dst};
  return uint16_t(siphash(st.secret, words) + st.ip_numbered++);
}

mbuf_ptr with_header(mbuf_ptr m, ip iph) {
  iph.ip_len = uint16_t(m->m_pktlen + sizeof iph);
  m = m_prepend(std::move(m), sizeof iph);
  if (!m) return m;
  in_cksum sum;
  sum.add_header(iph);
  iph.ip_sum = sum.fold();
  __builtin_memcpy(m->m_data, &iph, sizeof iph);
  return m;
}

// Each fragment shares the clusters of the whole (RFC 791, 3.2). One that cannot be sent ends it: the
// rest would be of no use to anyone.
NET_LOCKED err send_fragments(Stack &st, mbuf_ptr whole, const ip &iph, uint32_t mtu) {
  uint32_t room = (mtu - sizeof iph) / 8 * 8, len = whole->m_pktlen;
  for (uint32_t off = 0; off < len; off += room) {
    uint32_t n = min_of(room, len - off);
    mbuf_ptr m(m_copym(st.mb, whole.get(), off, n));
    if (!m) return err::nobufs;
    ip part = iph;
    part.ip_off = uint16_t(off / 8 | (off + n < len ? IP_MF : 0));
    m = with_header(std::move(m), part);
    if (!m) return err::nobufs;
    ++st.ip_stat.ips_ofragments;
    if (err e = send_on(st, std::move(m), iph.ip_dst); e != err::ok) return e;
  }
  return err::ok;
}

}  // namespace

uint32_t ip_source_for(const Stack &st, uint32_t dst) {
  if (dst == 0 || dst == st.ifp.if_addr || in_multicast(dst)) return 0;
  return in_broadcast(st, dst) || next_hop(st, dst) != 0 ? st.ifp.if_addr : 0;
}

err ip_output(Stack &st, mbuf_ptr m, uint32_t src, uint32_t dst, uint8_t proto, ip_how how) {
  if (!may_leave(st, src, dst)) {
    ++st.ip_stat.ips_noroute;
    return err::addrnotavail;
  }
  if (!in_broadcast(st, dst) && next_hop(st, dst) == 0) {
    ++st.ip_stat.ips_noroute;
    return err::netunreach;
  }
  m->m_pktlen = m_length(m.get());
  uint32_t len = m->m_pktlen + uint32_t(sizeof(ip)), mtu = ip_mtu(st, dst);
  bool whole_only = how.df && !ip_may_fragment(st, dst);
  if (len > UINT16_MAX || (len > mtu && how.df)) {
    ++st.ip_stat.ips_cantfrag;
    return err::msgsize;
  }
  ip iph{};
  iph.ip_vhl = 0x45;
  iph.ip_id = whole_only ? 0 : identification(st, dst);  // RFC 6864, 4.1: of use for fragments only
  iph.ip_off = whole_only ? IP_DF : 0;
  iph.ip_tos = how.tos;
  iph.ip_ttl = how.ttl;
  iph.ip_p = proto;
  iph.ip_src = src;
  iph.ip_dst = dst;
  if (len > mtu) return send_fragments(st, std::move(m), iph, mtu);
  m = with_header(std::move(m), iph);
  return m ? send_on(st, std::move(m), dst) : err::nobufs;
}

}  // namespace kyu
