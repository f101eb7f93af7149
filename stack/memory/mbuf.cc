#include "memory/mbuf.h"

namespace kyu {

mbuf *m_get(mbuf_pools &pools) { return pool_new<mbuf>(pools.mbufs, &pools); }

mbuf *m_getcl(mbuf_pools &pools) {
  mbuf *m = m_get(pools);
  if (m == nullptr) return nullptr;
  m->m_ext = pool_new<mcluster>(pools.clusters);
  if (m->m_ext == nullptr) {
    m_free(m);
    return nullptr;
  }
  m->m_data = m->m_ext->mc_dat;
  return m;
}

mbuf *m_free(mbuf *m) {
  mbuf *next = m->m_next;
  mbuf_pools &pools = *m->m_pools;
  if (mcluster *ext = m->m_ext; ext != nullptr) {
    KASSERT(ext->mc_refs > 0, "m_free: cluster without references");
    if (--ext->mc_refs == 0) pool_delete(pools.clusters, ext);
  }
  pool_delete(pools.mbufs, m);
  return next;
}

void m_freem(mbuf *m) {
  while (m != nullptr) m = m_free(m);
}

uint32_t m_length(const mbuf *m) {
  uint32_t len = 0;
  for (; m != nullptr; m = m->m_next) len += m->m_len;
  return len;
}

uint32_t m_cost(const mbuf *m) {
  uint32_t cost = 0;
  for (; m != nullptr; m = m->m_next) cost += m_cost_one(m);
  return cost;
}

namespace {

// One mbuf for up to `want` bytes behind `leading`, with a cluster where that saves a chain.
mbuf *m_get_for(mbuf_pools &pools, uint32_t leading, uint32_t want) {
  mbuf *m = leading + want <= MLEN ? m_get(pools) : m_getcl(pools);
  if (m != nullptr) m->m_data += leading;
  return m;
}

}  // namespace

mbuf *m_devget(mbuf_pools &pools, const_bytes src, uint32_t leading) {
  mbuf_ptr top;
  mbuf *last = nullptr;
  uint32_t total = uint32_t(src.size());
  do {
    mbuf *m = m_get_for(pools, last == nullptr ? leading : 0, uint32_t(src.size()));
    if (m == nullptr) return nullptr;
    if (last == nullptr)
      top.reset(m);
    else
      last->m_next = m;
    last = m;
    m->m_len = min_of(m->trailing(), uint32_t(src.size()));
    if (m->m_len > 0) __builtin_memcpy(m->m_data, src.data(), m->m_len);
    src = src.subspan(m->m_len);
  } while (!src.empty());
  top->m_pktlen = total;
  return top.release();
}

mbuf *m_copym(mbuf_pools &pools, const mbuf *m, uint32_t off, uint32_t len) {
  mbuf_ptr top(m_get(pools));
  if (!top) return nullptr;
  top->m_data += max_header;
  top->m_pktlen = len;
  mbuf *last = top.get();
  while (len > 0) {
    KASSERT(m != nullptr, "m_copym: chain too short");
    if (off >= m->m_len) {
      off -= m->m_len;
      m = m->m_next;
      continue;
    }
    uint32_t n = min_of(len, m->m_len - off);
    if (last == top.get() && n <= last->trailing() && n == len && m->m_ext == nullptr) {
      __builtin_memcpy(last->m_data, m->m_data + off, n);  // small: data behind the headers
      last->m_len = n;
      break;
    }
    mbuf *copy = m_get(pools);
    if (copy == nullptr) return nullptr;
    last->m_next = copy;
    last = copy;
    if (m->m_ext != nullptr) {
      copy->m_ext = m->m_ext;
      ++copy->m_ext->mc_refs;
      copy->m_data = m->m_data + off;
    } else {
      __builtin_memcpy(copy->m_data, m->m_data + off, n);
    }
    copy->m_len = n;
    len -= n;
    off = 0;
    m = m->m_next;
  }
  return top.release();
}

void m_copydata(const mbuf *m, uint32_t off, bytes to) {
  while (!to.empty()) {
    KASSERT(m != nullptr, "m_copydata: chain too short");
    if (off >= m->m_len) {
      off -= m->m_len;
    } else {
      uint32_t n = min_of(uint32_t(to.size()), m->m_len - off);
      __builtin_memcpy(to.data(), m->m_data + off, n);
      to = to.subspan(n);
      off = 0;
    }
    m = m->m_next;
  }
}

// Emptied mbufs stay in the chain: its first one holds the packet's header fields.
void m_adj_front(mbuf *m, uint32_t n) {
  m->m_pktlen -= min_of(n, m->m_pktlen);
  for (; m != nullptr && n > 0; m = m->m_next) {
    uint32_t k = min_of(n, m->m_len);
    m->m_data += k;
    m->m_len -= k;
    n -= k;
  }
}

void m_trim(mbuf *m, uint32_t len) {
  m->m_pktlen = min_of(len, m->m_pktlen);
  for (; m != nullptr; m = m->m_next) {
    m->m_len = min_of(m->m_len, len);
    len -= m->m_len;
    if (len == 0) {
      m_freem(m->m_next);
      m->m_next = nullptr;
    }
  }
}

mbuf_ptr m_pullup(mbuf_ptr m, uint32_t len) {
  if (m->m_len >= len) return m;
  if (len > MLEN || m_length(m.get()) < len) return {};
  mbuf_ptr head(m_get(*m->m_pools));
  if (!head) return {};
  m_copydata(m.get(), 0, {head->m_data, len});
  head->m_len = len;
  head->m_pktlen = m->m_pktlen;
  head->m_flags = m->m_flags;
  m_adj_front(m.get(), len);
  head->m_next = m.release();
  return head;
}

mbuf_ptr m_prepend(mbuf_ptr m, uint32_t len) {
  bool shared = m->m_ext != nullptr && m->m_ext->mc_refs > 1;
  if (m->leading() >= len && !shared) {
    m->m_data -= len;
    m->m_len += len;
    m->m_pktlen += len;
    return m;
  }
  mbuf_ptr head(m_get(*m->m_pools));
  if (!head) return {};
  head->m_data = head->m_dat + MLEN - len;
  head->m_len = len;
  head->m_pktlen = m->m_pktlen + len;
  head->m_flags = m->m_flags;
  head->m_next = m.release();
  return head;
}

}  // namespace kyu
