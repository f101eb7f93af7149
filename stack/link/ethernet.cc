#include "link/ethernet.h"

#include "ip/ip_var.h"
#include "link/arp.h"
#include "stack.h"

namespace kyu {

// The payload is copied behind an offset that lets replies grow their headers in place.
void ether_input(Stack &st, const_bytes frame) {
  ifnet &ifp = st.ifp;
  ++ifp.if_ipackets;
  if (frame.size() < sizeof(ether_header) || frame.size() > ifp.if_maxframe) {
    ++ifp.if_ierrors;
    return;
  }
  ether_header eh;
  __builtin_memcpy(&eh, frame.data(), sizeof eh);
  bool group = (eh.dst.octet[0] & 1) != 0;
  if (!group && !(eh.dst == ifp.if_mac)) return;
  if (eh.type != ETHERTYPE_IP && eh.type != ETHERTYPE_ARP) return;
  mbuf_ptr m(m_devget(st.mb, frame.subspan(sizeof eh), sizeof eh));
  if (!m) {
    ++ifp.if_ierrors;
    return;
  }
  if (group) m->m_flags = eh.dst == ether_broadcast ? M_BCAST : M_MCAST;
  if (eh.type == ETHERTYPE_ARP)
    arp_input(st, std::move(m));
  else
    ip_input(st, std::move(m));
}

err ether_output(Stack &st, mbuf_ptr m, const ether_addr &dst, uint16_t type) {
  const port &p = *st.port;
  ether_header eh{dst, st.ifp.if_mac, {}};
  eh.type = type;
  uint32_t len = m_length(m.get());
  uint8_t *frame = p.tx_reserve(p.ctx, uint32_t(sizeof eh) + len);
  if (frame == nullptr) {
    ++st.ifp.if_oerrors;
    return err::nobufs;
  }
  __builtin_memcpy(frame, &eh, sizeof eh);
  m_copydata(m.get(), 0, {frame + sizeof eh, len});
  p.tx_commit(p.ctx, uint32_t(sizeof eh) + len);
  ++st.ifp.if_opackets;
  return err::ok;
}

}  // namespace kyu
