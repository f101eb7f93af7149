#include "ip/in_cksum.h"
#include "ip/ip_var.h"
#include "stack.h"
#include "udp/udp.h"
#include "udp/udp_var.h"

namespace kyu {

namespace {

constexpr uint32_t udp_maxpayload = UINT16_MAX - sizeof(ip) - sizeof(udphdr);

bool checksum_ok(const mbuf *m, const ip &iph, uint32_t hlen, const udphdr &uh) {
  if (uh.uh_sum == 0) return true;  // the sender made none
  in_cksum sum;
  sum.add_pseudo(iph.ip_src, iph.ip_dst, IPPROTO_UDP, uh.uh_ulen);
  sum.add(m, hlen, uh.uh_ulen);
  return sum.fold() == 0;
}

NET_LOCKED void append(inpcb *inp, mbuf_ptr m, endpoint from) {
  socket *so = inp->inp_socket;
  if (!sbappendaddr(so->so_rcv, m.release(), from.addr, from.port))
    return void(++inp->inp_stack->udp_stat.udps_fullsock);
  sorwakeup(so);
}

bool takes(const inpcb *inp, endpoint from, endpoint to) {
  bool local = inp->inp_laddr.port == to.port && (inp->inp_laddr.addr == 0 || inp->inp_laddr.addr == to.addr);
  return local && (inp->inp_faddr.port == 0 || inp->inp_faddr == from);
}

// A broadcast is for every socket that listens there (volume 2, section 23.7).
NET_LOCKED void deliver_to_all(Stack &st, mbuf_ptr m, uint32_t hlen, uint32_t ulen, endpoint from,
                               endpoint to) {
  uint32_t skip = hlen + uint32_t(sizeof(udphdr));
  for (inpcb *inp = st.udb.ipi_all.first(); inp != nullptr; inp = inp->inp_list.next) {
    if (!takes(inp, from, to)) continue;
    mbuf_ptr copy(m_copym(st.mb, m.get(), skip, ulen - uint32_t(sizeof(udphdr))));
    if (!copy) return;
    append(inp, std::move(copy), from);
  }
}

}  // namespace

void udp_input(Stack &st, mbuf_ptr m, const ip &iph, uint32_t hlen) {
  udpstat &stat = st.udp_stat;
  ++stat.udps_ipackets;
  udphdr uh;
  if (m->m_pktlen < hlen + sizeof uh) return void(++stat.udps_badhdr);
  m_copydata(m.get(), hlen, {reinterpret_cast<uint8_t *>(&uh), sizeof uh});
  uint32_t ulen = uh.uh_ulen;
  if (ulen < sizeof uh || ulen > m->m_pktlen - hlen || uh.uh_dport == 0) return void(++stat.udps_badhdr);
  if (!checksum_ok(m.get(), iph, hlen, uh)) return void(++stat.udps_badsum);
  bool group = in_broadcast(st, iph.ip_dst);
  endpoint from{iph.ip_src, uh.uh_sport}, to{group ? st.ifp.if_addr : uint32_t(iph.ip_dst), uh.uh_dport};
  if (group) return deliver_to_all(st, std::move(m), hlen, ulen, from, to);
  inpcb *inp = in_pcblookup(st.udb, from, to);
  if (inp == nullptr) {
    ++stat.udps_noport;
    return icmp_error(st, std::move(m), ICMP_UNREACH, ICMP_UNREACH_PORT);
  }
  m_trim(m.get(), hlen + ulen);
  m_adj_front(m.get(), hlen + uint32_t(sizeof uh));
  append(inp, std::move(m), from);
}

namespace {

udphdr quoted(const_bytes head) {
  udphdr uh;
  KASSERT(head.size() >= sizeof uh, "udp_ctlinput: short quote");
  __builtin_memcpy(&uh, head.data(), sizeof uh);
  return uh;
}

}  // namespace

bool udp_sends_to(Stack &st, uint32_t dst, const_bytes head) {
  udphdr uh = quoted(head);
  return in_pcblookup(st.udb, {dst, uh.uh_dport}, {st.ifp.if_addr, uh.uh_sport}) != nullptr;
}

void udp_ctlinput(Stack &st, err e, uint32_t dst, const_bytes head) {
  udphdr uh = quoted(head);
  inpcb *inp = in_pcblookup_connected(st.udb, {dst, uh.uh_dport}, {st.ifp.if_addr, uh.uh_sport});
  if (inp == nullptr || e == err::msgsize) return;
  inp->inp_socket->so_error = e;
  sowakeall(inp->inp_socket);
}

err udp_attach(socket *so) {
  if (so->so_snd.sb_hiwat == 0) {
    sbreserve(so->so_snd, udp_sendspace);
    sbreserve(so->so_rcv, udp_recvspace);
  }
  return in_pcballoc(so, so->so_stack->udb);
}

void udp_detach(socket *so) { in_pcbdetach(sotoinpcb(so)); }

err udp_connect(socket *so, endpoint peer) {
  if (sotoinpcb(so)->inp_faddr.port != 0) return err::isconn;
  if (err e = in_pcbconnect(sotoinpcb(so), peer); e != err::ok) return e;
  so->so_error = err::ok;  // what was heard of another peer is no failure of this call
  soisconnected(so);
  return err::ok;
}

err udp_disconnect(socket *so) {
  in_pcbdisconnect(sotoinpcb(so));
  sotoinpcb(so)->inp_laddr.addr = 0;
  so_clear(so, SS_ISCONNECTED);
  return err::ok;
}

err udp_output(socket *so, mbuf *payload, const endpoint *to) {
  Stack &st = *so->so_stack;
  inpcb *inp = sotoinpcb(so);
  mbuf_ptr m(payload);
  uint32_t len = m_length(m.get());
  if (len > udp_maxpayload) return err::msgsize;
  if (to != nullptr && inp->inp_faddr.port != 0) return err::isconn;
  endpoint dst = to != nullptr ? *to : inp->inp_faddr;
  if (dst.port == 0) return err::destaddrreq;
  if (in_broadcast(st, dst.addr) && !(so->so_options & SO_BROADCAST)) return err::inval;
  uint32_t src = ip_source_for(st, dst.addr);
  bool asks_for_address = st.ifp.if_addr == 0 && dst.addr == INADDR_BROADCAST;
  if (src == 0 && !asks_for_address) return err::netunreach;
  if (inp->inp_laddr.port == 0) {
    if (err e = in_pcbbind(inp, {}); e != err::ok) return e;
  }
  udphdr uh{};
  uh.uh_sport = inp->inp_laddr.port;
  uh.uh_dport = dst.port;
  uh.uh_ulen = uint16_t(len + sizeof uh);
  m = m_prepend(std::move(m), sizeof uh);
  if (!m) return err::nobufs;
  in_cksum sum;
  sum.add_pseudo(src, dst.addr, IPPROTO_UDP, uh.uh_ulen);
  sum.add_header(uh);
  sum.add(m.get(), sizeof uh, len);
  uint16_t check = sum.fold();
  uh.uh_sum = check != 0 ? check : uint16_t(0xffff);
  __builtin_memcpy(m->m_data, &uh, sizeof uh);
  ++st.udp_stat.udps_opackets;
  return ip_output(st, std::move(m), src, dst.addr, IPPROTO_UDP, {.tos = inp->inp_tos, .ttl = inp->inp_ttl});
}

}  // namespace kyu
