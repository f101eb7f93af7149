// What the peer told us that it has, and what follows from it (RFC 6675).
#include "stack.h"
#include "tcp/tcp_var.h"

namespace kyu {

namespace {

uint32_t size_of(const sack_block &b) { return uint32_t(b.end - b.start); }

// A block that speaks of bytes in flight. One at or below SND.UNA is a D-SACK (RFC 2883, section 4)
// or old; one beyond SND.MAX is a lie.
bool credible(const tcpcb *tp, const sack_block &b) {
  return seq_lt(b.start, b.end) && seq_gt(b.start, tp->snd_una) && seq_leq(b.end, tp->snd_max);
}

uint32_t bytes_known(const sack_scoreboard &sb) {
  uint32_t sum = 0;
  for (uint8_t i = 0; i < sb.n; ++i) sum += size_of(sb.blk[i]);
  return sum;
}

void remove_at(sack_scoreboard &sb, uint8_t at, uint8_t count) {
  for (uint8_t i = at; i + count < sb.n; ++i) sb.blk[i] = sb.blk[i + count];
  sb.n = uint8_t(sb.n - count);
}

// Puts a block in its place and joins what touches it.
void insert(sack_scoreboard &sb, sack_block b) {
  uint8_t at = 0;
  while (at < sb.n && seq_lt(sb.blk[at].end, b.start)) ++at;
  uint8_t joined = 0;
  while (at + joined < sb.n && seq_leq(sb.blk[at + joined].start, b.end)) {
    b.start = seq_min(b.start, sb.blk[at + joined].start);
    b.end = seq_max(b.end, sb.blk[at + joined].end);
    ++joined;
  }
  if (joined > 0) {
    remove_at(sb, at, uint8_t(joined - 1));
  } else {
    if (sb.n == sack_scoreboard::max_blocks) return;
    for (uint8_t i = sb.n; i > at; --i) sb.blk[i] = sb.blk[i - 1];
    ++sb.n;
  }
  sb.blk[at] = b;
}

// RFC 6675, IsLost(): what lies in the gap in front of block `i`.
bool gap_is_lost(const tcpcb *tp, uint8_t i) {
  const sack_scoreboard &sb = tp->t_scoreboard;
  if (sb.n - i >= tcprexmtthresh) return true;
  uint32_t above = 0;
  for (; i < sb.n; ++i) above += size_of(sb.blk[i]);
  return above > (tcprexmtthresh - 1u) * tp->t_maxseg;
}

// The gap in front of block `i`; behind the last one for i == n.
sack_block gap(const tcpcb *tp, uint8_t i) {
  const sack_scoreboard &sb = tp->t_scoreboard;
  return {i == 0 ? tp->snd_una : sb.blk[i - 1].end, i == sb.n ? tp->snd_max : sb.blk[i].start};
}

// RFC 6675, NextSeg() rule 4: one segment with the highest byte, once for each advance of SND.UNA.
bool rescue(tcpcb *tp, uint32_t limit, sack_block *what) {
  sack_scoreboard &sb = tp->t_scoreboard;
  if (sb.n == 0 || seq_lt(tp->snd_una, sb.rescue_rxt)) return false;
  sack_block tail = gap(tp, sb.n);
  tail.start = seq_max(tail.start, tail.end - limit);
  if (size_of(tail) == 0) return false;
  sb.rescue_rxt = tp->snd_recover;
  *what = tail;
  return true;
}

}  // namespace

bool tcp_sack_update(tcpcb *tp, const tcp_options &opt) {
  sack_scoreboard &sb = tp->t_scoreboard;
  uint32_t before = bytes_known(sb);
  for (uint8_t i = 0; i < opt.sacks; ++i)
    if (credible(tp, opt.sack[i])) insert(sb, opt.sack[i]);
  return bytes_known(sb) != before;
}

// A block that SND.UNA lies in was given up by the peer, or it would have acknowledged all of it
// (RFC 2018, section 8): its bytes have to be sent again.
void tcp_sack_prune(tcpcb *tp) {
  sack_scoreboard &sb = tp->t_scoreboard;
  uint8_t gone = 0;
  while (gone < sb.n && seq_leq(sb.blk[gone].start, tp->snd_una)) ++gone;
  remove_at(sb, 0, gone);
}

bool tcp_sack_first_lost(const tcpcb *tp) { return tp->t_scoreboard.n > 0 && gap_is_lost(tp, 0); }

uint32_t tcp_sack_pipe(const tcpcb *tp) {
  const sack_scoreboard &sb = tp->t_scoreboard;
  uint32_t pipe = 0;
  for (uint8_t i = 0; i <= sb.n; ++i) {
    sack_block g = gap(tp, i);
    if (i == sb.n || !gap_is_lost(tp, i)) pipe += size_of(g);
    if (seq_gt(sb.high_rxt, g.start)) pipe += uint32_t(seq_min(sb.high_rxt, g.end) - g.start);
  }
  return pipe;
}

bool tcp_sack_next(tcpcb *tp, bool only_lost, uint32_t limit, sack_block *what) {
  sack_scoreboard &sb = tp->t_scoreboard;
  for (uint8_t i = 0; i < sb.n; ++i) {
    sack_block g = gap(tp, i);
    g.start = seq_max(g.start, sb.high_rxt);
    if (seq_geq(g.start, g.end)) continue;
    if (only_lost && !gap_is_lost(tp, i)) return false;
    g.end = seq_min(g.end, g.start + limit);
    sb.high_rxt = g.end;
    *what = g;
    return true;
  }
  return !only_lost && rescue(tp, limit, what);
}

tcp_seq tcp_sack_skip(const tcpcb *tp, tcp_seq seq) {
  const sack_scoreboard &sb = tp->t_scoreboard;
  for (uint8_t i = 0; i < sb.n; ++i)
    if (seq_geq(seq, sb.blk[i].start) && seq_lt(seq, sb.blk[i].end)) return sb.blk[i].end;
  return seq;
}

uint32_t tcp_sack_gap(const tcpcb *tp, tcp_seq seq) {
  const sack_scoreboard &sb = tp->t_scoreboard;
  for (uint8_t i = 0; i < sb.n; ++i)
    if (seq_gt(sb.blk[i].start, seq)) return uint32_t(sb.blk[i].start - seq);
  return UINT32_MAX;
}

}  // namespace kyu
