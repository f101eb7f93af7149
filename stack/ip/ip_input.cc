#include "ip/in_cksum.h"
#include "ip/ip_option.h"
#include "ip/ip_reass.h"
#include "ip/ip_var.h"
#include "stack.h"
#include "tcp/tcp_var.h"
#include "udp/udp_var.h"

namespace kyu {

namespace {

NET_LOCKED bool ours(const Stack &st, uint32_t dst) {
  return (dst == st.ifp.if_addr && dst != 0) || in_broadcast(st, dst);
}

// A source that cannot be a single host must never be answered (RFC 1122, 3.2.1.3).
NET_LOCKED bool martian(const Stack &st, uint32_t src) {
  return in_broadcast(st, src) || in_multicast(src) || src == 0 || (src >> 24) == 127 ||
         src == st.ifp.if_addr;
}

// False: the packet is not to be taken, and was answered where it should be.
NET_LOCKED bool options_ok(Stack &st, mbuf_ptr &m, uint32_t hlen) {
  uint8_t at = 0;
  switch (ip_check_options(const_bytes(m->m_data + sizeof(ip), hlen - sizeof(ip)), &at)) {
    case ip_option_verdict::fine: return true;
    case ip_option_verdict::source_route:
      ++st.ip_stat.ips_sourceroutes;
      icmp_error(st, std::move(m), ICMP_UNREACH, ICMP_UNREACH_SRCFAIL);
      return false;
    case ip_option_verdict::malformed:
      ++st.ip_stat.ips_badoptions;
      icmp_error(st, std::move(m), ICMP_PARAMPROB, 0, uint8_t(sizeof(ip) + at + 1));
      return false;
  }
  return false;
}

NET_LOCKED void deliver(Stack &st, mbuf_ptr m, const ip &iph, uint32_t hlen) {
  ++st.ip_stat.ips_delivered;
  switch (iph.ip_p) {
    case IPPROTO_TCP: m_adj_front(m.get(), hlen); return tcp_input(st, std::move(m), iph);
    case IPPROTO_UDP: return udp_input(st, std::move(m), iph, hlen);
    case IPPROTO_ICMP: m_adj_front(m.get(), hlen); return icmp_input(st, std::move(m), iph);
    default:
      ++st.ip_stat.ips_noproto;
      return icmp_error(st, std::move(m), ICMP_UNREACH, ICMP_UNREACH_PROTOCOL);
  }
}

}  // namespace

bool in_broadcast(const Stack &st, uint32_t addr) {
  return addr == INADDR_BROADCAST || addr == (st.ifp.if_addr | ~st.ifp.if_mask);
}

void ip_input(Stack &st, mbuf_ptr m) {
  ipstat &stat = st.ip_stat;
  ++stat.ips_total;
  if (m->m_len < sizeof(ip)) m = m_pullup(std::move(m), sizeof(ip));
  if (!m) return void(++stat.ips_badhdr);
  ip iph;
  __builtin_memcpy(&iph, m->m_data, sizeof iph);
  uint32_t hlen = (iph.ip_vhl & 0xf) * 4u, len = iph.ip_len;
  if ((iph.ip_vhl >> 4) != 4 || hlen < sizeof iph || len < hlen || len > m->m_pktlen)
    return void(++stat.ips_badhdr);
  if (m->m_len < hlen) m = m_pullup(std::move(m), hlen);
  if (!m) return void(++stat.ips_badhdr);
  in_cksum sum;
  sum.add_header(iph);
  if (hlen > sizeof iph) sum.add(const_bytes(m->m_data + sizeof iph, hlen - sizeof iph));
  if (sum.fold() != 0) return void(++stat.ips_badsum);
  m_trim(m.get(), len);  // Ethernet's padding
  if (!ours(st, iph.ip_dst) || martian(st, iph.ip_src)) return void(++stat.ips_notours);
  if (hlen > sizeof iph && !options_ok(st, m, hlen)) return;
  if ((iph.ip_off & (IP_MF | IP_OFFMASK)) != 0) {
    m = ip_reass(st, std::move(m), iph, hlen);
    if (!m) return;
    __builtin_memcpy(&iph, m->m_data, sizeof iph);
    hlen = sizeof iph;
  }
  deliver(st, std::move(m), iph, hlen);
}

}  // namespace kyu
