#include "ip/in_cksum.h"
#include "ip/ip_var.h"
#include "link/arp.h"
#include "stack.h"

namespace kyu {

namespace {

// The neighbour that takes packets for `dst`; 0: no route.
uint32_t next_hop(const Stack &st, uint32_t dst) {
  bool on_link = ((dst ^ st.ifp.if_addr) & st.ifp.if_mask) == 0;
  return on_link ? dst : st.ifp.if_gateway;
}

}  // namespace

uint32_t ip_source_for(const Stack &st, uint32_t dst) {
  if (dst == 0 || dst == st.ifp.if_addr || in_multicast(dst)) return 0;
  return in_broadcast(st, dst) || next_hop(st, dst) != 0 ? st.ifp.if_addr : 0;
}

err ip_output(Stack &st, mbuf_ptr m, uint32_t src, uint32_t dst, uint8_t proto) {
  uint32_t len = m_length(m.get()) + uint32_t(sizeof(ip));
  if (len > ETHERMTU) return err::msgsize;
  m = m_prepend(std::move(m), sizeof(ip));
  if (!m) return err::nobufs;
  ip iph{};
  iph.ip_vhl = 0x45;
  iph.ip_len = uint16_t(len);
  iph.ip_id = uint16_t(st.port->random32(st.port->ctx));
  iph.ip_off = IP_DF;
  iph.ip_ttl = IPDEFTTL;
  iph.ip_p = proto;
  iph.ip_src = src;
  iph.ip_dst = dst;
  in_cksum sum;
  sum.add(const_bytes(reinterpret_cast<const uint8_t *>(&iph), sizeof iph));
  iph.ip_sum = sum.fold();
  __builtin_memcpy(m->m_data, &iph, sizeof iph);
  ++st.ip_stat.ips_localout;
  if (in_broadcast(st, dst)) return ether_output(st, std::move(m), ether_broadcast, ETHERTYPE_IP);
  uint32_t hop = next_hop(st, dst);
  if (hop == 0) {
    ++st.ip_stat.ips_noroute;
    return err::netunreach;
  }
  return arp_output(st, std::move(m), hop);
}

}  // namespace kyu
