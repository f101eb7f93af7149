#include "socket/sockbuf.h"

#include "stack.h"

namespace kyu {

void sbreserve(sockbuf &sb, uint32_t cc) {
  KASSERT(cc > 0, "sbreserve: nothing");
  sb.sb_hiwat = cc;
  sb.sb_mbmax = 2 * cc + MCLBYTES;
  sb.sb_lowat = min_of(sb.sb_lowat, cc);
}

namespace {

mbuf *last_of(mbuf *m) {
  while (m->m_next != nullptr) m = m->m_next;
  return m;
}

void account(sockbuf &sb, const mbuf *m) {
  sb.sb_cc += m_length(m);
  sb.sb_mbcnt += m_cost(m);
}

mbuf *free_first(sockbuf &sb, mbuf *m) {
  sb.sb_mbcnt -= m_cost_one(m);
  return m_free(m);
}

// Where small mbufs stand in a row for a reader that is behind, the next one gets a cluster, which takes
// those that follow: so many bytes need not cost an mbuf for each segment. `m` itself: there is no memory for
// that.
mbuf *with_room(const sockbuf &sb, mbuf *m) {
  const mbuf *tail = sb.sb_mbtail;
  bool row = tail != nullptr && tail->m_ext == nullptr && m->m_ext == nullptr;
  if (!row || sb.sb_mbcnt < MCLBYTES) return m;
  mbuf *roomy = m_getcl(*m->m_pools);
  if (roomy == nullptr) return m;
  __builtin_memcpy(roomy->m_data, m->m_data, m->m_len);
  roomy->m_len = m->m_len;
  roomy->m_next = m_free(m);
  return roomy;
}

}  // namespace

// Small appends are copied behind the last mbuf where they fit (BSD: sbcompress), so that a sender
// of single bytes cannot exhaust the pool.
void sbappend(sockbuf &sb, mbuf *m) {
  while (m != nullptr) {
    mbuf *tail = sb.sb_mbtail;
    bool shared = tail != nullptr && tail->m_ext != nullptr && tail->m_ext->mc_refs > 1;
    if (m->m_len == 0 || (tail != nullptr && !shared && m->m_len <= tail->trailing())) {
      if (m->m_len != 0) {
        __builtin_memcpy(tail->m_data + tail->m_len, m->m_data, m->m_len);
        tail->m_len += m->m_len;
        sb.sb_cc += m->m_len;
      }
      m = m_free(m);
      continue;
    }
    m = with_room(sb, m);
    mbuf *rest = m->m_next;
    m->m_next = nullptr;
    account(sb, m);
    (tail != nullptr ? tail->m_next : sb.sb_mb) = m;
    sb.sb_mbtail = m;
    m = rest;
  }
}

bool sbappendaddr(sockbuf &sb, mbuf *m, uint32_t src, uint16_t port) {
  uint32_t len = m_length(m);
  if (len > sb.sb_hiwat - min_of(sb.sb_cc, sb.sb_hiwat) || sb.sb_mbcnt + m_cost(m) > sb.sb_mbmax) {
    m_freem(m);
    return false;
  }
  m->m_src = src;
  m->m_srcport = port;
  m->m_pktlen = len;
  account(sb, m);
  (sb.sb_lastrec != nullptr ? sb.sb_lastrec->m_nextpkt : sb.sb_mb) = m;
  sb.sb_lastrec = m;
  sb.sb_mbtail = last_of(m);
  return true;
}

void sbdrop(sockbuf &sb, uint32_t len) {
  KASSERT(len <= sb.sb_cc, "sbdrop: more than there is");
  sb.sb_cc -= len;
  mbuf *m = sb.sb_mb;
  while (m != nullptr && len >= m->m_len) {
    len -= m->m_len;
    m = free_first(sb, m);
  }
  if (m != nullptr) {
    m->m_data += len;
    m->m_len -= len;
  } else {
    KASSERT(len == 0, "sbdrop: chain shorter than sb_cc");
    sb.sb_mbtail = nullptr;
  }
  sb.sb_mb = m;
}

void sbdroprecord(sockbuf &sb) {
  mbuf *m = sb.sb_mb;
  KASSERT(m != nullptr, "sbdroprecord: no record");
  mbuf *next = m->m_nextpkt;
  if (next == nullptr) sb.sb_lastrec = sb.sb_mbtail = nullptr;
  sb.sb_cc -= m_length(m);
  sb.sb_mbcnt -= m_cost(m);
  m_freem(m);
  sb.sb_mb = next;
}

void sbflush(sockbuf &sb) {
  KASSERT(sb.sb_lock.holder == no_thread, "sbflush: locked");
  while (sb.sb_mb != nullptr) sbdroprecord(sb);
  KASSERT(sb.sb_cc == 0, "sbflush: sb_cc left over");
  KASSERT(sb.sb_mbcnt == 0, "sbflush: sb_mbcnt left over");
}

err sb_lock(Stack &st, sockbuf &sb, bool wait) {
  reach(*st.port, sched_point::sb_lock);
  thread_id self = st.port->thread_self(st.port->ctx);
  KASSERT(sb.sb_lock.holder != self, "sb_lock: already mine");
  while (sb.sb_lock.holder != no_thread) {
    if (!wait) return err::again;
    if (err e = sleep_on(st, sb.sb_lock.wanted, sb.sb_timeo); e != err::ok) return e;
  }
  sb.sb_lock.holder = self;
  return err::ok;
}

void sb_unlock(Stack &st, sockbuf &sb) {
  KASSERT(sb.sb_lock.holder == st.port->thread_self(st.port->ctx), "sb_unlock: not the holder");
  sb.sb_lock.holder = no_thread;
  wakeup(st, sb.sb_lock.wanted);
  reach(*st.port, sched_point::sb_unlock);
}

err sbwait(Stack &st, sockbuf &sb) { return sleep_on(st, sb.sb_wait, sb.sb_timeo); }

}  // namespace kyu
