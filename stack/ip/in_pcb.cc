#include "ip/in_pcb.h"

#include "ip/ip_var.h"
#include "stack.h"

namespace kyu {

namespace {

queue<inpcb, &inpcb::inp_hash> &bucket(inpcbinfo &info, endpoint faddr, uint16_t lport) {
  uint32_t h = faddr.addr ^ faddr.addr >> 7 ^ faddr.port ^ uint32_t(lport) << 3;
  return info.ipi_hash[(h ^ h >> 11) % inpcbinfo::buckets];
}

// Would two pcbs bound to `a` and `b` both answer the same listener lookup?
bool addresses_clash(uint32_t a, uint32_t b) { return a == 0 || b == 0 || a == b; }

bool port_taken(inpcb *inp, endpoint local) {
  bool reuse = (inp->inp_socket->so_options & SO_REUSEADDR) != 0;
  for (inpcb *t = inp->inp_info->ipi_all.first(); t != nullptr; t = t->inp_list.next) {
    if (t == inp || t->inp_laddr.port != local.port) continue;
    if (!addresses_clash(t->inp_laddr.addr, local.addr)) continue;
    bool t_connected = t->inp_faddr.port != 0;
    if (reuse && t_connected) continue;  // a listener may come back beside its old connections
    return true;
  }
  return false;
}

// Ports are tried from a random start (RFC 6056, 3.3.1); each at most once.
uint16_t ephemeral_port(inpcb *inp) {
  constexpr uint32_t range = 65536 - IPPORT_EPHEMERAL;
  const port &p = *inp->inp_stack->port;
  uint32_t start = p.random32(p.ctx) % range;
  for (uint32_t i = 0; i < range; ++i) {
    endpoint local{inp->inp_laddr.addr, uint16_t(IPPORT_EPHEMERAL + (start + i) % range)};
    if (!port_taken(inp, local)) return local.port;
  }
  return 0;
}

}  // namespace

err in_pcballoc(socket *so, inpcbinfo &info) {
  Stack &st = *so->so_stack;
  inpcb *inp = pool_new<inpcb>(st.inpcb_pool, &st, so, &info);
  if (inp == nullptr) return err::nobufs;
  info.ipi_all.insert_tail(inp);
  so->so_pcb = inp;
  return err::ok;
}

void in_pcbdetach(inpcb *inp) {
  socket *so = inp->inp_socket;
  Stack &st = *inp->inp_stack;
  KASSERT(inp->inp_ppcb == nullptr, "in_pcbdetach: tcpcb still there");
  in_pcbdisconnect(inp);
  inp->inp_info->ipi_all.remove(inp);
  so->so_pcb = nullptr;
  pool_delete(st.inpcb_pool, inp);
  sofree(so);
}

err in_pcbbind(inpcb *inp, endpoint local) {
  if (inp->inp_laddr.port != 0) return err::inval;
  if (local.addr != 0 && local.addr != inp->inp_stack->ifp.if_addr) return err::addrnotavail;
  inp->inp_laddr.addr = local.addr;
  if (local.port == 0) local.port = ephemeral_port(inp);
  if (local.port == 0 || port_taken(inp, local)) {
    inp->inp_laddr.addr = 0;
    return local.port == 0 ? err::addrnotavail : err::addrinuse;
  }
  inp->inp_laddr.port = local.port;
  return err::ok;
}

err in_pcbconnect(inpcb *inp, endpoint peer) {
  if (peer.port == 0 || peer.addr == 0) return err::addrnotavail;
  uint32_t src = ip_source_for(*inp->inp_stack, peer.addr);
  if (src == 0) return err::netunreach;
  bool unbound = inp->inp_laddr.port == 0;
  if (unbound) {
    if (err e = in_pcbbind(inp, {inp->inp_laddr.addr, 0}); e != err::ok) return e;
  }
  endpoint local{src, inp->inp_laddr.port};
  if (in_pcblookup_connected(*inp->inp_info, peer, local) != nullptr) return err::addrinuse;
  inp->inp_laddr.addr = src;
  inp->inp_faddr = peer;
  bucket(*inp->inp_info, peer, local.port).insert_head(inp);
  return err::ok;
}

void in_pcbdisconnect(inpcb *inp) {
  if (inp->inp_hash.linked()) bucket(*inp->inp_info, inp->inp_faddr, inp->inp_laddr.port).remove(inp);
  inp->inp_faddr = {};
}

inpcb *in_pcblookup_connected(inpcbinfo &info, endpoint faddr, endpoint laddr) {
  auto &q = bucket(info, faddr, laddr.port);
  for (inpcb *inp = q.first(); inp != nullptr; inp = inp->inp_hash.next)
    if (inp->inp_faddr == faddr && inp->inp_laddr == laddr) return inp;
  return nullptr;
}

inpcb *in_pcblookup(inpcbinfo &info, endpoint faddr, endpoint laddr) {
  if (inpcb *inp = in_pcblookup_connected(info, faddr, laddr); inp != nullptr) return inp;
  inpcb *any = nullptr;
  for (inpcb *inp = info.ipi_all.first(); inp != nullptr; inp = inp->inp_list.next) {
    if (inp->inp_faddr.port != 0 || inp->inp_laddr.port != laddr.port) continue;
    if (inp->inp_laddr.addr == laddr.addr) return inp;
    if (inp->inp_laddr.addr == 0) any = inp;
  }
  return any;
}

}  // namespace kyu
