#include "ip/in_cksum.h"
#include "ip/ip_var.h"
#include "stack.h"
#include "tcp/tcp_var.h"
#include "udp/udp_var.h"

namespace kyu {

namespace {

// Bytes of the offending packet's data in an error: RFC 792's minimum.
constexpr uint32_t quoted_data = 8;

NET_LOCKED void icmp_send(Stack &st, mbuf_ptr m, uint32_t src, uint32_t dst) {
  in_cksum sum;
  sum.add(m.get(), 0, m->m_pktlen);
  icmp head;
  m_copydata(m.get(), 0, {reinterpret_cast<uint8_t *>(&head), sizeof head});
  head.icmp_cksum = sum.fold();
  __builtin_memcpy(m->m_data, &head, sizeof head);
  (void)ip_output(st, std::move(m), src, dst, IPPROTO_ICMP, {});
}

NET_LOCKED void echo_reply(Stack &st, mbuf_ptr m, const ip &iph) {
  if ((m->m_flags & (M_BCAST | M_MCAST)) != 0 || in_broadcast(st, iph.ip_dst)) return;
  icmp head;
  __builtin_memcpy(&head, m->m_data, sizeof head);
  head.icmp_type = ICMP_ECHOREPLY;
  head.icmp_cksum = 0;
  __builtin_memcpy(m->m_data, &head, sizeof head);
  ++st.ip_stat.icps_reflect;
  icmp_send(st, std::move(m), iph.ip_dst, iph.ip_src);
}

// What an error means to a connection: hard ones end it, soft ones are remembered.
err icmp_errno(uint8_t type, uint8_t code) {
  if (type != ICMP_UNREACH) return err::hostunreach;
  switch (code) {
    case ICMP_UNREACH_NET: return err::netunreach;
    case ICMP_UNREACH_PROTOCOL:
    case ICMP_UNREACH_PORT: return err::connrefused;
    case ICMP_UNREACH_NEEDFRAG: return err::msgsize;
    default: return err::hostunreach;
  }
}

// An error may change what we know of a path only if it quotes what we could have sent.
NET_LOCKED bool names_ours(Stack &st, const ip &quoted, const_bytes transport) {
  if (quoted.ip_p == IPPROTO_TCP) return tcp_in_flight(st, quoted.ip_dst, transport);
  return quoted.ip_p == IPPROTO_UDP && udp_sends_to(st, quoted.ip_dst, transport);
}

// The quoted packet is one of ours: its source is our address, its ports name the connection.
NET_LOCKED void error_input(Stack &st, const mbuf *m, const icmp &head) {
  ip quoted;
  if (m_length(m) < sizeof head + sizeof quoted) return;
  m_copydata(m, sizeof head, {reinterpret_cast<uint8_t *>(&quoted), sizeof quoted});
  uint32_t hlen = (quoted.ip_vhl & 0xf) * 4u;
  uint8_t transport[quoted_data];
  if ((quoted.ip_vhl >> 4) != 4 || hlen < sizeof quoted) return;
  if (m_length(m) < sizeof head + hlen + sizeof transport) return;
  if (quoted.ip_src != st.ifp.if_addr) return;
  m_copydata(m, uint32_t(sizeof head) + hlen, transport);
  err e = icmp_errno(head.icmp_type, head.icmp_code);
  if (e == err::msgsize) {
    uint32_t mtu = uint16_t(head.icmp_void);
    if (!names_ours(st, quoted, transport) || !ip_pmtu_reduce(st, quoted.ip_dst, mtu, quoted.ip_len)) return;
  }
  if (quoted.ip_p == IPPROTO_TCP) tcp_ctlinput(st, e, quoted.ip_dst, transport);
  if (quoted.ip_p == IPPROTO_UDP) udp_ctlinput(st, e, quoted.ip_dst, transport);
}

NET_LOCKED bool may_send_error(Stack &st) {
  uint64_t second = st.now() / 1000;
  icmp_limiter &lim = st.icmp_limit;
  if (lim.second != second) lim = {second, 0};
  return ++lim.sent <= icmp_limit_per_s;
}

}  // namespace

void icmp_input(Stack &st, mbuf_ptr m, const ip &iph) {
  uint32_t len = m->m_pktlen;
  in_cksum sum;
  sum.add(m.get(), 0, len);
  if (len < sizeof(icmp) || sum.fold() != 0) return void(++st.ip_stat.icps_badsum);
  m = m_pullup(std::move(m), sizeof(icmp));
  if (!m) return;
  icmp head;
  __builtin_memcpy(&head, m->m_data, sizeof head);
  switch (head.icmp_type) {
    case ICMP_ECHO: return echo_reply(st, std::move(m), iph);
    case ICMP_UNREACH:
    case ICMP_TIMXCEED:
    case ICMP_PARAMPROB: return error_input(st, m.get(), head);
    default: return;
  }
}

NET_LOCKED void icmp_error(Stack &st, mbuf_ptr m, uint8_t type, uint8_t code, uint8_t pointer) {
  ip iph;
  m_copydata(m.get(), 0, {reinterpret_cast<uint8_t *>(&iph), sizeof iph});
  bool group = (m->m_flags & (M_BCAST | M_MCAST)) != 0 || in_broadcast(st, iph.ip_dst);
  bool later_fragment = (iph.ip_off & IP_OFFMASK) != 0;
  if (group || later_fragment || iph.ip_p == IPPROTO_ICMP) return;
  if (!may_send_error(st)) return void(++st.ip_stat.icps_limited);
  uint32_t hlen = (iph.ip_vhl & 0xf) * 4u;
  uint32_t quote = min_of(hlen + quoted_data, m->m_pktlen);
  mbuf_ptr out(m_get(st.mb));
  if (!out) return;
  ++st.ip_stat.icps_error;
  icmp head{};
  head.icmp_type = type;
  head.icmp_code = code;
  head.icmp_void = uint32_t(pointer) << 24;
  out->m_data += 2 * sizeof(ip);  // room for the headers in front
  out->m_len = out->m_pktlen = uint32_t(sizeof head) + quote;
  __builtin_memcpy(out->m_data, &head, sizeof head);
  m_copydata(m.get(), 0, {out->m_data + sizeof head, quote});
  icmp_send(st, std::move(out), iph.ip_dst, iph.ip_src);
}

}  // namespace kyu
