#include "ip/ip_reass.h"

#include "ip/ip_var.h"
#include "stack.h"

namespace kyu {

namespace {

constexpr uint32_t max_data = 65535 - sizeof(ip);

bool same_datagram(const ip &a, const ip &b) {
  return a.ip_id == b.ip_id && a.ip_p == b.ip_p && a.ip_src == b.ip_src && a.ip_dst == b.ip_dst;
}

NET_LOCKED void free_fragment(Stack &st, ipq &q, ipfrag *f) {
  q.ipq_frags.remove(f);
  m_freem(f->ipf_m);
  pool_delete(st.ipfrag_pool, f);
}

NET_LOCKED void free_fragments(Stack &st, ipq &q) {
  while (ipfrag *f = q.ipq_frags.first()) free_fragment(st, q, f);
  q.ipq_nfrags = 0;
}

NET_LOCKED void free_datagram(Stack &st, ipq *q) {
  free_fragments(st, *q);
  st.ipq.remove(q);
  pool_delete(st.ipq_pool, q);
}

// The oldest datagram makes room: it is the one that has least hope.
NET_LOCKED bool make_room(Stack &st, const ipq *but) {
  ipq *oldest = st.ipq.first();
  if (oldest == but) oldest = oldest != nullptr ? oldest->ipq_next.next : nullptr;
  if (oldest == nullptr) return false;
  ++st.ip_stat.ips_fragdropped;
  free_datagram(st, oldest);
  return true;
}

NET_LOCKED ipq *find_or_make(Stack &st, const ip &iph) {
  for (ipq *q = st.ipq.first(); q != nullptr; q = q->ipq_next.next)
    if (same_datagram(q->ipq_head, iph)) return q;
  uint64_t expire = st.now() + ipfragttl_ms;
  ipq *q = pool_new<ipq>(st.ipq_pool, iph, expire);
  if (q == nullptr && make_room(st, nullptr)) q = pool_new<ipq>(st.ipq_pool, iph, expire);
  if (q != nullptr) st.ipq.insert_tail(q);
  return q;
}

NET_LOCKED ipfrag *new_fragment(Stack &st, const ipq *q, uint32_t off, uint32_t len) {
  ipfrag *f = pool_new<ipfrag>(st.ipfrag_pool, off, len);
  while (f == nullptr && make_room(st, q)) f = pool_new<ipfrag>(st.ipfrag_pool, off, len);
  return f;
}

enum class fit : uint8_t { fresh, duplicate, overlap };

// Where the fragment belongs: behind `*before`, null for the front.
fit place(const ipq &q, uint32_t off, uint32_t len, ipfrag **before) {
  *before = nullptr;
  for (ipfrag *f = q.ipq_frags.first(); f != nullptr; f = f->ipf_q.next) {
    if (f->ipf_off == off && f->ipf_len == len) return fit::duplicate;
    if (f->ipf_off < off + len && off < f->ipf_off + f->ipf_len) return fit::overlap;
    if (f->ipf_off < off) *before = f;
  }
  return fit::fresh;
}

// The end of the data is where the last fragment says, and nothing lies beyond.
bool end_fits(ipq &q, uint32_t off, uint32_t len, bool last) {
  if (last && q.ipq_len != 0 && q.ipq_len != off + len) return false;
  if (last) {
    const ipfrag *tail = q.ipq_frags.last();
    if (tail != nullptr && tail->ipf_off + tail->ipf_len > off + len) return false;
    q.ipq_len = off + len;
  }
  return q.ipq_len == 0 || off + len <= q.ipq_len;
}

NET_LOCKED void refuse(Stack &st, ipq &q) {
  ++st.ip_stat.ips_fragoverlaps;
  free_fragments(st, q);
  q.ipq_refused = true;
}

// All of it is here: one chain, behind the first fragment's header.
NET_LOCKED mbuf_ptr join(Stack &st, ipq *q) {
  ip head = q->ipq_head;
  head.ip_vhl = 0x45;
  head.ip_off = 0;
  head.ip_len = uint16_t(q->ipq_len + sizeof head);
  mbuf_ptr whole(m_get(st.mb));
  mbuf *last = whole.get();
  if (whole) {
    whole->m_data += max_header;
    while (ipfrag *f = q->ipq_frags.first()) {
      last->m_next = f->ipf_m;
      f->ipf_m = nullptr;
      free_fragment(st, *q, f);
      while (last->m_next != nullptr) last = last->m_next;
    }
    whole->m_pktlen = q->ipq_len;
    whole = m_prepend(std::move(whole), sizeof head);
    if (whole) __builtin_memcpy(whole->m_data, &head, sizeof head);
    ++st.ip_stat.ips_reassembled;
  }
  free_datagram(st, q);
  return whole;
}

// The first fragment as it came, for an error that quotes it.
NET_LOCKED mbuf_ptr first_fragment(Stack &st, ipq &q) {
  mbuf_ptr m(m_copym(st.mb, q.ipq_frags.first()->ipf_m, 0, min_of(q.ipq_frags.first()->ipf_len, 64u)));
  if (m) m = m_prepend(std::move(m), sizeof(ip));
  if (!m) return m;
  ip head = q.ipq_head;
  head.ip_vhl = 0x45;
  __builtin_memcpy(m->m_data, &head, sizeof head);
  return m;
}

}  // namespace

mbuf_ptr ip_reass(Stack &st, mbuf_ptr m, const ip &iph, uint32_t hlen) {
  ++st.ip_stat.ips_fragments;
  uint32_t off = (iph.ip_off & IP_OFFMASK) * 8u, len = m->m_pktlen - hlen;
  bool last = (iph.ip_off & IP_MF) == 0;
  if (len == 0 || off + len > max_data || (!last && len % 8 != 0)) {
    ++st.ip_stat.ips_badhdr;
    return {};
  }
  ipq *q = find_or_make(st, iph);
  if (q == nullptr || q->ipq_refused) return {};
  ipfrag *before;
  fit how = place(*q, off, len, &before);
  if (how == fit::duplicate) return {};
  if (how == fit::overlap || !end_fits(*q, off, len, last) || q->ipq_nfrags == ip_maxfragsperpacket) {
    refuse(st, *q);
    return {};
  }
  ipfrag *f = new_fragment(st, q, off, len);
  if (f == nullptr) return {};
  m_adj_front(m.get(), hlen);
  f->ipf_m = m.release();
  q->ipq_frags.insert_after(before, f);
  ++q->ipq_nfrags;
  q->ipq_have += len;
  if (off == 0) {
    q->ipq_first = true;
    q->ipq_head = iph;
  }
  return q->ipq_have == q->ipq_len ? join(st, q) : mbuf_ptr();
}

void ip_slowtimo(Stack &st) {
  uint64_t now = st.now();
  for (ipq *q = st.ipq.first(), *next; q != nullptr; q = next) {
    next = q->ipq_next.next;
    if (q->ipq_expire > now) continue;
    ++st.ip_stat.ips_fragtimeout;
    if (q->ipq_first && !q->ipq_refused)
      if (mbuf_ptr m = first_fragment(st, *q))
        icmp_error(st, std::move(m), ICMP_TIMXCEED, ICMP_TIMXCEED_REASS);
    free_datagram(st, q);
  }
}

uint64_t ip_next_due(const Stack &st) {
  uint64_t due = UINT64_MAX;
  for (const ipq *q = st.ipq.first(); q != nullptr; q = q->ipq_next.next) due = min_of(due, q->ipq_expire);
  return due;
}

}  // namespace kyu
