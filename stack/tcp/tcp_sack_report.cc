// What we tell the peer that we have (RFC 2018, section 4; RFC 2883).
#include "stack.h"
#include "tcp/tcp_var.h"

namespace kyu {

namespace {

bool touches(const sack_block &a, const sack_block &b) {
  return seq_leq(a.start, b.end) && seq_leq(b.start, a.end);
}

// Takes out what belongs to `joined`, which grows by it.
void absorb(sack_report &r, sack_block &joined) {
  uint8_t kept = 0;
  for (uint8_t i = 0; i < r.n; ++i) {
    if (touches(r.blk[i], joined)) {
      joined.start = seq_min(joined.start, r.blk[i].start);
      joined.end = seq_max(joined.end, r.blk[i].end);
    } else {
      r.blk[kept++] = r.blk[i];
    }
  }
  r.n = kept;
}

}  // namespace

// The whole run of segments around the new one, as it lies in the reassembly queue: a block that was
// pushed out of the report comes back with it.
void tcp_sack_received(tcpcb *tp, sack_block fresh) {
  if (!(tp->t_flags & TF_SACK)) return;
  sack_report &r = tp->t_report;
  for (const tseg *q = tp->t_segq.first(); q != nullptr; q = q->tqe_q.next) {
    sack_block have{q->tqe_seq, q->tqe_seq + q->tqe_len};
    if (touches(have, fresh)) {
      fresh.start = seq_min(fresh.start, have.start);
      fresh.end = seq_max(fresh.end, have.end);
    }
  }
  absorb(r, fresh);
  if (r.n == TCP_MAX_SACK) --r.n;
  for (uint8_t i = r.n; i > 0; --i) r.blk[i] = r.blk[i - 1];
  r.blk[0] = fresh;
  ++r.n;
}

void tcp_sack_duplicate(tcpcb *tp, sack_block twice) {
  if ((tp->t_flags & TF_SACK) != 0 && seq_lt(twice.start, twice.end)) tp->t_report.duplicate = twice;
}

void tcp_sack_forget(tcpcb *tp) {
  sack_report &r = tp->t_report;
  uint8_t kept = 0;
  for (uint8_t i = 0; i < r.n; ++i)
    if (seq_gt(r.blk[i].end, tp->rcv_nxt)) r.blk[kept++] = r.blk[i];
  r.n = kept;
}

uint8_t tcp_sack_count(const tcpcb *tp, uint8_t room) {
  const sack_report &r = tp->t_report;
  return min_of(uint8_t(r.n + (r.duplicate.start != r.duplicate.end)), room);
}

uint8_t tcp_sack_blocks(const tcpcb *tp, uint8_t room, sack_block *to) {
  const sack_report &r = tp->t_report;
  uint8_t n = 0;
  if (room > 0 && r.duplicate.start != r.duplicate.end) to[n++] = r.duplicate;
  for (uint8_t i = 0; i < r.n && n < room; ++i) to[n++] = r.blk[i];
  return n;
}

}  // namespace kyu
