// Selective acknowledgment. As a receiver: what we tell the peer that we have (RFC 2018, RFC 2883),
// tcp_sack_report.cc. As a sender: what the peer told us, and what to send again (RFC 6675),
// tcp_scoreboard.cc.
#pragma once

#include "tcp/tcp_option.h"

namespace kyu {

struct tcpcb;

// The receiver's blocks; the one that was touched last comes first.
struct sack_report {
  sack_block blk[TCP_MAX_SACK];
  uint8_t n = 0;
  sack_block duplicate;  // arrived twice, to be reported once; empty: nothing to report
};

// Bytes above SND.UNA that the peer has: ascending, disjoint, with gaps between them. What does not
// fit is forgotten, which costs a retransmission and nothing else.
struct sack_scoreboard {
  static constexpr uint8_t max_blocks = 32;
  sack_block blk[max_blocks];
  uint8_t n = 0;
  tcp_seq high_rxt;    // RFC 6675, HighRxt: highest byte sent again in this recovery, + 1
  tcp_seq rescue_rxt;  // RFC 6675, RescueRxt: a rescue is due only above it
};

// --- tcp_sack_report.cc
// Bytes [start, end) came out of order and were kept.
void tcp_sack_received(tcpcb *, sack_block);
// Bytes [start, end) came that we had.
void tcp_sack_duplicate(tcpcb *, sack_block);
// RCV.NXT has moved.
void tcp_sack_forget(tcpcb *);
// Blocks that the next segment carries, the duplicate first; at most `room` of them. How many, and which.
uint8_t tcp_sack_count(const tcpcb *, uint8_t room);
uint8_t tcp_sack_blocks(const tcpcb *, uint8_t room, sack_block *to);

// --- tcp_scoreboard.cc
// Takes the blocks of an arriving ACK. True: it told something new (RFC 6675's "DupAck").
bool tcp_sack_update(tcpcb *, const tcp_options &);
// SND.UNA has moved.
void tcp_sack_prune(tcpcb *);
// Three blocks, or more than two segments, above SND.UNA: its byte is lost.
bool tcp_sack_first_lost(const tcpcb *);
// Bytes that are thought to be in the network.
uint32_t tcp_sack_pipe(const tcpcb *);
// RFC 6675's NextSeg() without new data: up to `limit` bytes to send again now. `only_lost`: by rule 1,
// otherwise by rules 3 and 4 too. False: there is nothing.
bool tcp_sack_next(tcpcb *, bool only_lost, uint32_t limit, sack_block *what);
// After a time-out: the first byte at or behind `seq` that the peer did not report, and how many
// follow it up to the next reported one.
tcp_seq tcp_sack_skip(const tcpcb *, tcp_seq seq);
uint32_t tcp_sack_gap(const tcpcb *, tcp_seq seq);

}  // namespace kyu
