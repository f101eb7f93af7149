#include "link/arp.h"

#include "stack.h"

namespace kyu {

namespace {

struct arphdr {
  be16 hrd, pro;
  uint8_t hln, pln;
  be16 op;
  ether_addr sha;
  be32 spa;
  ether_addr tha;
  be32 tpa;
};
static_assert(sizeof(arphdr) == 28 && alignof(arphdr) == 1);

constexpr uint16_t ARPHRD_ETHER = 1, ARPOP_REQUEST = 1, ARPOP_REPLY = 2;

NET_LOCKED void arp_send(Stack &st, uint16_t op, const ether_addr &tha, uint32_t spa, uint32_t tpa) {
  mbuf_ptr m(m_get(st.mb));
  if (!m) return;
  arphdr ah{};
  ah.hrd = ARPHRD_ETHER;
  ah.pro = ETHERTYPE_IP;
  ah.hln = sizeof(ether_addr);
  ah.pln = 4;
  ah.op = op;
  ah.sha = st.ifp.if_mac;
  ah.spa = spa;
  ah.tha = op == ARPOP_REPLY ? tha : ether_addr{};
  ah.tpa = tpa;
  m->m_len = m->m_pktlen = sizeof ah;
  __builtin_memcpy(m->m_data, &ah, sizeof ah);
  (void)ether_output(st, std::move(m), op == ARPOP_REPLY ? tha : ether_broadcast, ETHERTYPE_ARP);
}

arp_entry *arp_find(arp_table &t, uint32_t addr) {
  for (int i = 0; i < t.used; ++i)
    if (t.entries[i].la_state != arp_state::free && t.entries[i].la_addr == addr) return &t.entries[i];
  return nullptr;
}

mbuf_ptr take_held(arp_entry &e) {
  mbuf *m = e.la_hold;
  e.la_hold = m->m_nextpkt;
  m->m_nextpkt = nullptr;
  --e.la_held;
  return mbuf_ptr(m);
}

void drop_held(arp_entry &e) {
  while (e.la_hold != nullptr) (void)take_held(e);
}

// RFC 1122, 2.3.2.2: at least the newest; several, so that the fragments of one datagram get there.
void hold(arp_entry &e, mbuf_ptr m) {
  if (e.la_held == arp_maxhold) (void)take_held(e);
  mbuf **tail = &e.la_hold;
  while (*tail != nullptr) tail = &(*tail)->m_nextpkt;
  *tail = m.release();
  ++e.la_held;
}

// Which of two entries is missed less: one that nobody answered for, else the one that was not used for
// longer. Who answers a flood from made-up neighbours then still knows the real ones.
bool less_missed(const arp_entry &a, const arp_entry &b) {
  bool a_known = a.la_state == arp_state::resolved, b_known = b.la_state == arp_state::resolved;
  return a_known != b_known ? !a_known : a.la_used < b.la_used;
}

NET_LOCKED arp_entry &arp_new(Stack &st, uint32_t addr) {
  arp_table &t = st.arp;
  arp_entry *pick = nullptr;
  for (int i = 0; i < t.used && pick == nullptr; ++i)
    if (t.entries[i].la_state == arp_state::free) pick = &t.entries[i];
  if (pick == nullptr && t.used < arptab_size) pick = &t.entries[t.used++];
  if (pick == nullptr) {
    pick = &t.entries[0];
    for (arp_entry &e : t.entries)
      if (less_missed(e, *pick)) pick = &e;
  }
  drop_held(*pick);
  pick->la_addr = addr;
  pick->la_asked = 0;
  pick->la_used = st.now();
  return *pick;
}

NET_LOCKED void arp_resolved(Stack &st, arp_entry &e, const ether_addr &mac) {
  e.la_state = arp_state::resolved;
  e.la_mac = mac;
  e.la_expire = st.now() + arpt_keep_ms;
  while (e.la_hold != nullptr) (void)ether_output(st, take_held(e), mac, ETHERTYPE_IP);
}

}  // namespace

void arp_request(Stack &st, uint32_t spa, uint32_t tpa) { arp_send(st, ARPOP_REQUEST, {}, spa, tpa); }

namespace {

NET_LOCKED void arp_ask(Stack &st, arp_entry &e) {
  e.la_state = arp_state::incomplete;
  ++e.la_asked;
  e.la_expire = st.now() + arp_retry_ms;
  arp_request(st, st.ifp.if_addr, e.la_addr);
}

}  // namespace

// The sender's address is learned when we have asked for it, or when it asks for us (RFC 826's
// merge rule); others cannot fill our table.
void arp_input(Stack &st, mbuf_ptr m) {
  arphdr ah;
  if (m_length(m.get()) < sizeof ah) return;
  m_copydata(m.get(), 0, {reinterpret_cast<uint8_t *>(&ah), sizeof ah});
  m.reset();
  if (ah.hrd != ARPHRD_ETHER || ah.pro != ETHERTYPE_IP || ah.hln != sizeof(ether_addr) || ah.pln != 4) return;
  uint32_t spa = ah.spa;
  const ifnet &ifp = st.ifp;
  arp_check_conflict(st, ah.sha, spa, ah.tpa);
  if (ah.sha == ifp.if_mac || (ah.sha.octet[0] & 1) != 0 || spa == ifp.if_addr) return;
  bool for_us = ah.tpa == ifp.if_addr && ifp.if_addr != 0;
  if (spa == 0) {  // a probe (RFC 5227): answered, and nothing to learn from it
    if (for_us && ah.op == ARPOP_REQUEST) arp_send(st, ARPOP_REPLY, ah.sha, ifp.if_addr, spa);
    return;
  }
  if ((spa & ifp.if_mask) != (ifp.if_addr & ifp.if_mask)) return;
  arp_entry *e = arp_find(st.arp, spa);
  if (e == nullptr && for_us && ah.op == ARPOP_REQUEST) e = &arp_new(st, spa);
  if (e != nullptr) arp_resolved(st, *e, ah.sha);
  if (for_us && ah.op == ARPOP_REQUEST) arp_send(st, ARPOP_REPLY, ah.sha, ifp.if_addr, spa);
}

err arp_output(Stack &st, mbuf_ptr m, uint32_t neighbour) {
  arp_entry *e = arp_find(st.arp, neighbour);
  if (e != nullptr && e->la_state == arp_state::resolved) {
    e->la_used = st.now();
    return ether_output(st, std::move(m), e->la_mac, ETHERTYPE_IP);
  }
  if (e != nullptr && e->la_state == arp_state::down) return err::hostunreach;
  bool ask = e == nullptr;
  if (ask) e = &arp_new(st, neighbour);
  hold(*e, std::move(m));
  if (ask) arp_ask(st, *e);
  return err::ok;
}

void arp_flush(Stack &st) {
  for (int i = 0; i < st.arp.used; ++i) {
    drop_held(st.arp.entries[i]);
    st.arp.entries[i].la_state = arp_state::free;
  }
}

void arp_timer(Stack &st) {
  uint64_t now = st.now();
  for (int i = 0; i < st.arp.used; ++i) {
    arp_entry &e = st.arp.entries[i];
    if (e.la_state == arp_state::free || now < e.la_expire) continue;
    if (e.la_state != arp_state::incomplete) {
      e.la_state = arp_state::free;
    } else if (e.la_asked < arp_maxtries) {
      arp_ask(st, e);
    } else {
      e.la_state = arp_state::down;
      e.la_expire = now + arpt_down_ms;
      drop_held(e);
    }
  }
}

uint64_t arp_next_due(const Stack &st) {
  uint64_t due = UINT64_MAX;
  for (int i = 0; i < st.arp.used; ++i) {
    const arp_entry &e = st.arp.entries[i];
    if (e.la_state != arp_state::free) due = min_of(due, e.la_expire);
  }
  return due;
}

}  // namespace kyu
