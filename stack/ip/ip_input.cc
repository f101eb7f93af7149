#include "ip/in_cksum.h"
#include "ip/ip_var.h"
#include "stack.h"
#include "tcp/tcp_var.h"
#include "udp/udp_var.h"

namespace kyu {

namespace {

bool ours(const Stack &st, uint32_t dst) { return dst == st.ifp.if_addr || in_broadcast(st, dst); }

// A source that cannot be a single host must never be answered (RFC 1122, 3.2.1.3).
bool martian(const Stack &st, uint32_t src) {
  return in_broadcast(st, src) || in_multicast(src) || src == 0 || (src >> 24) == 127 ||
         src == st.ifp.if_addr;
}

}  // namespace

bool in_broadcast(const Stack &st, uint32_t addr) {
  return addr == INADDR_BROADCAST || addr == (st.ifp.if_addr | ~st.ifp.if_mask);
}

void ip_input(Stack &st, mbuf_ptr m) {
  ipstat &stat = st.ip_stat;
  ++stat.ips_total;
  m = m_pullup(std::move(m), sizeof(ip));
  if (!m) return void(++stat.ips_badhdr);
  ip iph;
  __builtin_memcpy(&iph, m->m_data, sizeof iph);
  uint32_t hlen = (iph.ip_vhl & 0xf) * 4u, len = iph.ip_len;
  if ((iph.ip_vhl >> 4) != 4 || hlen < sizeof iph || len < hlen || len > m->m_pktlen)
    return void(++stat.ips_badhdr);
  m = m_pullup(std::move(m), hlen);
  if (!m) return void(++stat.ips_badhdr);
  in_cksum sum;
  sum.add(const_bytes(m->m_data, hlen));
  if (sum.fold() != 0) return void(++stat.ips_badsum);
  m_trim(m.get(), len);  // Ethernet's padding
  if (!ours(st, iph.ip_dst) || martian(st, iph.ip_src)) return void(++stat.ips_notours);
  if ((iph.ip_off & (IP_MF | IP_OFFMASK)) != 0) return void(++stat.ips_fragments);
  ++stat.ips_delivered;
  switch (iph.ip_p) {
    case IPPROTO_TCP: m_adj_front(m.get(), hlen); return tcp_input(st, std::move(m), iph);
    case IPPROTO_UDP: return udp_input(st, std::move(m), iph, hlen);
    case IPPROTO_ICMP: m_adj_front(m.get(), hlen); return icmp_input(st, std::move(m), iph);
    default: ++stat.ips_noproto; return icmp_error(st, std::move(m), ICMP_UNREACH, ICMP_UNREACH_PROTOCOL);
  }
}

}  // namespace kyu
