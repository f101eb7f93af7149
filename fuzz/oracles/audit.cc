#include "oracles/audit.h"

#include "watch/crash.h"

namespace kyu::fuzz {

namespace {

[[noreturn]] void fail(const char *kind, const char *what, const void *object) {
  watch::fail_oracle(kind, what, what, object);
}

void expect(bool holds, const char *kind, const char *what, const void *object) {
  if (!holds) [[unlikely]]
    fail(kind, what, object);
}

constexpr const char *life = "life-cycle", *count = "accounting", *limit = "limit";

// What the walk finds, to be held against the pools.
struct census {
  uint32_t sockets = 0, inpcbs = 0, tcpcbs = 0, mbufs = 0, tsegs = 0, ipqs = 0, ipfrags = 0;
};

uint32_t chain_length(const mbuf *m) {
  uint32_t n = 0;
  for (; m != nullptr; m = m->m_next) ++n;
  return n;
}

void audit_sockbuf(const socket *so, const sockbuf &sb, census &c) {
  uint32_t cc = 0, cost = 0, records = 0;
  const mbuf *last = nullptr, *last_record = nullptr;
  for (const mbuf *rec = sb.sb_mb; rec != nullptr; rec = rec->m_nextpkt) {
    ++records;
    last_record = rec;
    for (const mbuf *m = rec; m != nullptr; m = m->m_next) {
      cc += m->m_len;
      cost += MLEN + (m->m_ext != nullptr ? MCLBYTES : 0);
      last = m;
      ++c.mbufs;
    }
  }
  expect(cc == sb.sb_cc, count, "sb_cc is not what its chain holds", so);
  expect(cost == sb.sb_mbcnt, count, "sb_mbcnt is not what its chain costs", so);
  expect(last == sb.sb_mbtail, count, "sb_mbtail is not the last mbuf", so);
  if (so->so_type == sotype::dgram)
    expect(last_record == sb.sb_lastrec, count, "sb_lastrec is not the last record", so);
  else
    expect(records <= 1, count, "a stream buffer with several records", so);
  expect(sb.sb_lock.holder == no_thread, life, "a buffer is locked while every thread sleeps", so);
}

template <class Queue>
uint32_t queue_length(const Queue &q, const socket *head) {
  uint32_t n = 0;
  for (const socket *so = q.first(); so != nullptr; so = so->so_qe.next) {
    expect(so->so_head == head, life, "a queued socket does not know its listener", so);
    ++n;
  }
  return n;
}

void audit_socket(const socket *so, census &c) {
  ++c.sockets;
  bool listener = (so->so_options & SO_ACCEPTCONN) != 0;
  bool orphan = (so->so_state & SS_NOFDREF) != 0;
  expect(so->so_pcb != nullptr || !orphan, life, "a socket that nobody holds was not freed", so);
  expect(so->so_pcb == nullptr || so->so_pcb->inp_socket == so, life, "so_pcb belongs to another socket", so);
  constexpr uint16_t phases = SS_ISCONNECTED | SS_ISCONNECTING;
  expect((so->so_state & phases) != phases, life, "connected and connecting at once", so);
  expect(so->so_head == nullptr || so->so_qe.linked(), life, "so_head without a queue", so);
  expect(so->so_head == nullptr || orphan, life, "queued for accept although a user holds it", so);
  expect(listener || (so->so_q.empty() && so->so_q0.empty()), life, "connections wait on no listener", so);
  expect(queue_length(so->so_q0, so) == so->so_q0len, count, "so_q0len is wrong", so);
  expect(queue_length(so->so_q, so) == so->so_qlen, count, "so_qlen is wrong", so);
  audit_sockbuf(so, so->so_rcv, c);
  audit_sockbuf(so, so->so_snd, c);
}

// By cookies a full queue gets one more.
void audit_backlog(const socket *so) {
  expect(so->so_qlen + so->so_q0len <= 3 * so->so_qlimit / 2 + 1 + so->so_qlimit + 1, limit,
         "more connections wait than the backlog allows", so);
}

// Urgent data may go a little beyond, once (volume 2, 16.7); and the last mbuf may cost more than was left.
void audit_limits(const socket *so) {
  constexpr uint32_t urgent_beyond = 1024;
  for (const sockbuf *sb : {&so->so_snd, &so->so_rcv})
    expect(sb->sb_cc <= sb->sb_hiwat + urgent_beyond, limit, "a buffer holds more than it may", so);
  expect(so->so_snd.sb_mbcnt <= so->so_snd.sb_mbmax + urgent_beyond + MLEN + MCLBYTES, limit,
         "a send buffer costs more than it may", so);
}

void audit_segq(const tcpcb *tp, census &c) {
  const tseg *before = nullptr;
  uint32_t n = 0;
  for (const tseg *q = tp->t_segq.first(); q != nullptr; before = q, q = q->tqe_q.next, ++n) {
    expect(m_length(q->tqe_m) == q->tqe_len, count, "tqe_len is not what its chain holds", tp);
    expect(seq_gt(q->tqe_seq, tp->rcv_nxt), count, "a segment in order waits for reassembly", tp);
    expect(before == nullptr || seq_geq(q->tqe_seq, before->tqe_seq + before->tqe_len), count,
           "segments overlap in the reassembly queue", tp);
    c.mbufs += chain_length(q->tqe_m);
    ++c.tsegs;
  }
  expect(n == tp->t_segqlen, count, "t_segqlen is wrong", tp);
  expect(n <= tcp_maxsegq, limit, "more segments wait for reassembly than one connection may keep", tp);
}

bool queued(const tcpcb *tp, const sack_block &b) {
  tcp_seq end = b.start;
  for (const tseg *q = tp->t_segq.first(); q != nullptr && seq_leq(q->tqe_seq, end); q = q->tqe_q.next)
    end = seq_max(end, q->tqe_seq + q->tqe_len);
  return seq_geq(end, b.end);
}

// The peer may let go what was reported to it (RFC 2018, 8).
void audit_report(const tcpcb *tp) {
  const sack_report &r = tp->t_report;
  for (uint8_t i = 0; i < r.n; ++i)
    expect(queued(tp, r.blk[i]), "protocol", "a SACK block of what is not kept", tp);
}

void audit_scoreboard(const tcpcb *tp) {
  tcp_seq before = tp->snd_una;
  for (uint8_t i = 0; i < tp->t_scoreboard.n; ++i) {
    const sack_block &b = tp->t_scoreboard.blk[i];
    expect(seq_gt(b.start, before) && seq_gt(b.end, b.start), count, "the scoreboard's blocks do not ascend",
           tp);
    before = b.end;
  }
  expect(tp->t_scoreboard.n == 0 || seq_leq(before, tp->snd_max), count, "a block beyond SND.MAX", tp);
}

void audit_tcpcb(const tcpcb *tp, census &c) {
  ++c.tcpcbs;
  audit_segq(tp, c);
  audit_report(tp);
  audit_scoreboard(tp);
  bool synced = tp->t_state >= tcps::syn_sent;
  bool ordered = seq_leq(tp->snd_una, tp->snd_nxt) && seq_leq(tp->snd_nxt, tp->snd_max);
  expect(!synced || ordered, count, "SND.UNA <= SND.NXT <= SND.MAX does not hold", tp);
  bool outstanding = synced && tp->snd_max != tp->snd_una && tp->t_state != tcps::time_wait;
  bool armed = tp->t_timer[TCPT_REXMT] != 0 || tp->t_timer[TCPT_PERSIST] != 0;
  expect(!outstanding || armed, "protocol", "data outstanding and no retransmission armed", tp);
  bool timed = armed || tp->t_timer[TCPT_KEEP] != 0 || tp->t_timer[TCPT_2MSL] != 0;
  expect(!timed || tp->t_timerq.linked(), life, "a timer is set, but not on the timer queue", tp);
}

void audit_pcbs(const inpcbinfo &info, bool tcp, census &c) {
  for (const inpcb *inp = info.ipi_all.first(); inp != nullptr; inp = inp->inp_list.next) {
    ++c.inpcbs;
    expect(inp->inp_socket->so_pcb == inp, life, "inp_socket belongs to another pcb", inp);
    expect(inp->inp_hash.linked() == (inp->inp_faddr.port != 0), life, "connected, but not hashed", inp);
    if (!tcp) continue;
    expect(inp->inp_ppcb != nullptr && inp->inp_ppcb->t_inpcb == inp, life, "inpcb without its tcpcb", inp);
    audit_tcpcb(inp->inp_ppcb, c);
  }
}

void audit_ipq(const ipq *q, census &c) {
  uint32_t have = 0, end = 0;
  ++c.ipqs;
  for (const ipfrag *f = q->ipq_frags.first(); f != nullptr; f = f->ipf_q.next) {
    expect(f->ipf_off >= end, count, "fragments overlap in a datagram's queue", q);
    expect(m_length(f->ipf_m) == f->ipf_len, count, "ipf_len is not what its chain holds", q);
    end = f->ipf_off + f->ipf_len;
    have += f->ipf_len;
    c.mbufs += chain_length(f->ipf_m);
    ++c.ipfrags;
  }
  expect(q->ipq_refused || have == q->ipq_have, count, "ipq_have is wrong", q);
  expect(end <= 65535 - sizeof(ip), limit, "a fragment beyond the longest datagram", q);
  expect(q->ipq_len == 0 || end <= q->ipq_len, count, "a fragment beyond the datagram's end", q);
}

uint32_t held_mbufs(const arp_entry &e) {
  uint32_t n = 0, packets = 0;
  for (const mbuf *m = e.la_hold; m != nullptr; m = m->m_nextpkt, ++packets) n += chain_length(m);
  expect(packets == e.la_held, count, "la_held is wrong", nullptr);
  return n;
}

void expect_pool(const pool &pl, uint32_t reachable, const char *what) {
  if (pl.pl_live == reachable) [[likely]]
    return;
  const watch::watcher *w = watch::current_watcher();
  fail("leak", what, w != nullptr ? w->any_live(pl.pl_kind) : nullptr);
}

}  // namespace

void audit(Stack &st, const unchanged &by_users) {
  census c;
  expect(st.lock.lk_holder == no_thread, life, "the locker is held while every thread sleeps", nullptr);
  for (const socket *so = st.sockets.first(); so != nullptr; so = so->so_link.next) {
    audit_socket(so, c);
    if (by_users.backlogs) audit_backlog(so);
    if (by_users.buffers) audit_limits(so);
  }
  audit_pcbs(st.tcb, true, c);
  audit_pcbs(st.udb, false, c);
  for (int i = 0; i < st.arp.used; ++i) c.mbufs += held_mbufs(st.arp.entries[i]);
  for (const ipq *q = st.ipq.first(); q != nullptr; q = q->ipq_next.next) audit_ipq(q, c);
  expect_pool(st.socket_pool, c.sockets, "a socket is on no list");
  expect_pool(st.inpcb_pool, c.inpcbs, "an inpcb is on no list");
  expect_pool(st.tcpcb_pool, c.tcpcbs, "a tcpcb has no inpcb");
  expect_pool(st.tseg_pool, c.tsegs, "a tseg is on no queue");
  expect_pool(st.ipq_pool, c.ipqs, "an ipq is on no list");
  expect_pool(st.ipfrag_pool, c.ipfrags, "an ipfrag is on no queue");
  expect_pool(st.mb.mbufs, c.mbufs, "an mbuf is in no buffer and on no queue");
}

void audit_end(Stack &st, const watch::watcher &w) {
  w.check_dead();
  constexpr const char *leaked[pool_kinds] = {
      "a socket is left when all is closed",  "an inpcb is left when all is closed",
      "a tcpcb is left when all is closed",   "an mbuf is left when all is closed",
      "a cluster is left when all is closed", "a tseg is left when all is closed",
      "an ipq is left when all is closed",    "an ipfrag is left when all is closed"};
  for (int k = 0; k < pool_kinds; ++k) {
    const pool &pl = st.pool_of(pool_kind(k));
    if (!pl.all_free()) fail("leak", leaked[k], w.any_live(pool_kind(k)));
  }
}

}  // namespace kyu::fuzz
