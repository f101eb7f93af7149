#include "ip/ip_pmtu.h"

#include "stack.h"

namespace kyu {

namespace {

NET_LOCKED const pmtu_entry *find(const Stack &st, uint32_t dst) {
  for (int i = 0; i < st.pmtu.used; ++i) {
    const pmtu_entry &e = st.pmtu.entries[i];
    if (e.dst == dst && e.expire > st.now()) return &e;
  }
  return nullptr;
}

NET_LOCKED pmtu_entry &entry_for(Stack &st, uint32_t dst) {
  pmtu_table &t = st.pmtu;
  pmtu_entry *oldest = &t.entries[0];
  for (int i = 0; i < t.used; ++i) {
    if (t.entries[i].dst == dst) return t.entries[i];
    if (t.entries[i].expire < oldest->expire) oldest = &t.entries[i];
  }
  return t.used < pmtu_entries ? t.entries[t.used++] : *oldest;
}

// RFC 1191, section 7.1: a router that does not say means the next common size below.
uint32_t plateau_below(uint32_t size) {
  constexpr uint16_t plateaus[] = {1492, 1006, 508, 296, 68};
  for (uint16_t p : plateaus)
    if (p < size) return p;
  return 68;
}

}  // namespace

uint32_t ip_mtu(const Stack &st, uint32_t dst) {
  const pmtu_entry *e = find(st, dst);
  return e != nullptr ? e->mtu : ETHERMTU;
}

bool ip_may_fragment(const Stack &st, uint32_t dst) {
  const pmtu_entry *e = find(st, dst);
  return e != nullptr && e->fragment;
}

bool ip_pmtu_reduce(Stack &st, uint32_t dst, uint32_t mtu, uint32_t sent) {
  if (mtu == 0) mtu = plateau_below(sent);
  if (mtu < 68 || mtu >= sent) return false;  // RFC 791: every link takes 68
  uint32_t usable = min_of(max_of(mtu, pmtu_min), ip_mtu(st, dst));
  // What another router has said of a smaller link still holds.
  bool fragment = mtu < pmtu_min || ip_may_fragment(st, dst);
  entry_for(st, dst) = {dst, uint16_t(usable), fragment, st.now() + pmtu_keep_ms};
  return true;
}

}  // namespace kyu
