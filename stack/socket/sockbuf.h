// Socket buffers (BSD: kern/uipc_socket2.c; volume 2, chapter 16).
#pragma once

#include "kyu/locker.h"
#include "memory/mbuf.h"
#include "sys/errno.h"
#include "sys/guarded.h"

#include <cstdint>

namespace kyu {

struct Stack;

// One thread at a time sends on a socket, and one receives.
struct sockbuf_lock {
  thread_id holder = no_thread;
  wait_channel wanted;
};

struct sockbuf {
  uint32_t sb_cc = 0;          // bytes in the buffer
  uint32_t sb_hiwat = 0;       // bytes that it may hold
  uint32_t sb_mbcnt = 0;       // what its mbufs cost
  uint32_t sb_mbmax = 0;       // what they may cost
  uint32_t sb_lowat = 1;       // wake a sleeper at so much data, or space
  uint32_t sb_timeo = 0;       // ms that a call may sleep; 0: forever
  mbuf *sb_mb = nullptr;       // stream: one chain. datagrams: records by m_nextpkt
  mbuf *sb_mbtail = nullptr;   // last mbuf of the (last) chain
  mbuf *sb_lastrec = nullptr;  // first mbuf of the last record
  sockbuf_lock sb_lock;
  wait_channel sb_wait;  // for data, or for space
};

// Bytes that may still be appended: bounded by both limits, so that many small mbufs cannot cost a
// multiple of what the buffer may hold. `beyond`: by how much they may be exceeded.
inline uint32_t sbspace(const sockbuf &sb, uint32_t beyond = 0) {
  uint32_t most = sb.sb_hiwat + beyond, dearest = sb.sb_mbmax + beyond;
  return min_of(most - min_of(sb.sb_cc, most), dearest - min_of(sb.sb_mbcnt, dearest));
}

// Sets both limits, to more than 0.
void sbreserve(sockbuf &, uint32_t cc);

// Appends to the stream and takes ownership of `m`.
void sbappend(sockbuf &, mbuf *m);

// Appends one datagram from (src, port) and takes ownership; false, and `m` freed: no space.
bool sbappendaddr(sockbuf &, mbuf *m, uint32_t src, uint16_t port);

// Drops `len` bytes, which must be there, from the front of the stream.
void sbdrop(sockbuf &, uint32_t len);

// Drops the first datagram.
void sbdroprecord(sockbuf &);

// Frees all data. The buffer must not be locked.
void sbflush(sockbuf &);

// sblock: waits until nobody else holds the buffer (`wait`), or gives up with err::again.
NET_LOCKED err sb_lock(Stack &, sockbuf &, bool wait);
NET_LOCKED void sb_unlock(Stack &, sockbuf &);

// Sleeps until the buffer changes, up to sb_timeo; err::again when that ran out.
NET_LOCKED err sbwait(Stack &, sockbuf &);

}  // namespace kyu
