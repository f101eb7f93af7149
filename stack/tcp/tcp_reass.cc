// Segments out of order (BSD: tcp_reass in netinet/tcp_input.c; volume 2, section 27.9). Data that
// came first wins over what overlaps it later.
#include "stack.h"
#include "tcp/tcp_var.h"

namespace kyu {

namespace {

NET_LOCKED void free_tseg(tcpcb *tp, tseg *q) {
  tp->t_segq.remove(q);
  --tp->t_segqlen;
  m_freem(q->tqe_m);
  pool_delete(tcp_stack(tp).tseg_pool, q);
}

// The byte before the urgent pointer leaves the stream, unless the user wants it inline. Only data
// in order gets here, so that the byte is found once and at its place.
NET_LOCKED mbuf_ptr pull_out_of_band(tcpcb *tp, mbuf_ptr m, uint32_t len) {
  int32_t at = tp->rcv_up - 1 - tp->rcv_nxt;
  bool here = at >= 0 && uint32_t(at) < len;
  if (!here || tp->t_urgent == urgent::none || (tcp_socket(tp)->so_options & SO_OOBINLINE)) return m;
  m_copydata(m.get(), uint32_t(at), {&tp->t_iobc, 1});
  tp->t_urgent = urgent::here;
  mbuf_ptr rest(m_copym(tcp_stack(tp).mb, m.get(), uint32_t(at) + 1, len - uint32_t(at) - 1));
  if (!rest) return m;  // no mbuf: the byte is delivered twice rather than data lost
  m_trim(m.get(), uint32_t(at));
  mbuf *last = m.get();
  while (last->m_next != nullptr) last = last->m_next;
  last->m_next = rest.release();
  return m;
}

NET_LOCKED void deliver(tcpcb *tp, mbuf_ptr m, uint32_t len) {
  socket *so = tcp_socket(tp);
  if (len > 0 && !(so->so_state & SS_CANTRCVMORE)) m = pull_out_of_band(tp, std::move(m), len);
  tp->rcv_nxt += len;
  if (len == 0 || (so->so_state & SS_CANTRCVMORE) != 0) return;
  sbappend(so->so_rcv, m.release());
  sorwakeup(so);
}

struct piece {
  tcp_seq seq;
  uint32_t len;
  bool fin;
  mbuf_ptr m;
};

tcp_seq end_of(const tseg *q) { return q->tqe_seq + q->tqe_len; }

// Cuts off what the segment before already has. False: nothing is left.
bool cut_front(const tseg *before, piece &p) {
  int32_t overlap = end_of(before) - p.seq;
  if (overlap <= 0) return true;
  if (uint32_t(overlap) >= p.len) return false;
  m_adj_front(p.m.get(), uint32_t(overlap));
  p.seq += uint32_t(overlap);
  p.len -= uint32_t(overlap);
  return true;
}

// Cuts off what the following segments have; those that lie wholly inside are dropped instead.
NET_LOCKED void cut_tail(tcpcb *tp, tseg *after, piece &p) {
  while (after != nullptr && seq_gt(p.seq + p.len, after->tqe_seq)) {
    if (seq_lt(p.seq + p.len, end_of(after))) {
      p.len = uint32_t(after->tqe_seq - p.seq);
      p.fin = false;  // it stands before what has come: not where the segment ends now, at any rate
      m_trim(p.m.get(), p.len);
      return;
    }
    tseg *next = after->tqe_q.next;
    p.fin = p.fin || (after->tqe_fin && end_of(after) == p.seq + p.len);
    free_tseg(tp, after);
    after = next;
  }
}

NET_LOCKED void insert(tcpcb *tp, piece p) {
  Stack &st = tcp_stack(tp);
  ++st.tcp_stat.tcps_rcvoopack;
  tseg *before = tp->t_segq.last();
  while (before != nullptr && seq_gt(before->tqe_seq, p.seq)) before = before->tqe_q.prev;
  sack_block whole{p.seq, p.seq + p.len};
  if (before != nullptr && !cut_front(before, p)) {
    if (p.fin && end_of(before) == p.seq + p.len) before->tqe_fin = true;
    tcp_sack_duplicate(tp, whole);
    tcp_sack_received(tp, whole);
    return;
  }
  // Room first: what it replaces has been reported, and may not be let go for nothing (RFC 2018, 8).
  tseg *q = tp->t_segqlen < tcp_maxsegq ? pool_new<tseg>(st.tseg_pool, p.seq, p.len, p.fin) : nullptr;
  if (q == nullptr) return void(++st.tcp_stat.tcps_reassdrop);
  cut_tail(tp, before != nullptr ? before->tqe_q.next : tp->t_segq.first(), p);
  if (p.len == 0 && !p.fin) return pool_delete(st.tseg_pool, q);
  q->tqe_len = p.len;
  q->tqe_fin = p.fin;
  q->tqe_m = p.m.release();
  tp->t_segq.insert_after(before, q);
  ++tp->t_segqlen;
  if (q->tqe_len > 0) tcp_sack_received(tp, {q->tqe_seq, end_of(q)});
}

// Delivers what has become in order. True: up to and with the FIN.
NET_LOCKED bool pull(tcpcb *tp) {
  for (tseg *q = tp->t_segq.first(); q != nullptr && seq_leq(q->tqe_seq, tp->rcv_nxt);
       q = tp->t_segq.first()) {
    uint32_t have = min_of(uint32_t(tp->rcv_nxt - q->tqe_seq), q->tqe_len);
    bool fin = q->tqe_fin && seq_geq(end_of(q), tp->rcv_nxt);
    mbuf_ptr m(q->tqe_m);
    q->tqe_m = nullptr;
    uint32_t fresh = q->tqe_len - have;
    if (m) m_adj_front(m.get(), have);
    free_tseg(tp, q);
    deliver(tp, std::move(m), fresh);
    if (fin) return true;
  }
  return false;
}

}  // namespace

bool tcp_reass(tcpcb *tp, tcp_seq seq, uint32_t len, bool fin, mbuf_ptr m) {
  if (seq == tp->rcv_nxt) {
    deliver(tp, std::move(m), len);
    bool all = fin || pull(tp);
    tcp_sack_forget(tp);
    return all;
  }
  KASSERT(seq_gt(seq, tp->rcv_nxt), "tcp_reass: left of the window");
  insert(tp, {seq, len, fin, std::move(m)});
  return false;
}

void tcp_freeq(tcpcb *tp) {
  while (tseg *q = tp->t_segq.first()) free_tseg(tp, q);
  tp->t_report.n = 0;
  KASSERT(tp->t_segqlen == 0, "tcp_freeq: t_segqlen left over");
}

}  // namespace kyu
