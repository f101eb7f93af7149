// Memory buffers (BSD: kern/uipc_mbuf.c; TCP/IP Illustrated, volume 2, chapter 2). A packet is a
// chain of mbufs by m_next; a queue of packets is linked by m_nextpkt. Data lies inside the mbuf or
// in a cluster that several mbufs may share.
#pragma once

#include "memory/pool.h"
#include "sys/bytes.h"

#include <cstdint>

namespace kyu {

// The same on every host, so that a scenario exhausts the pools at the same point everywhere.
inline constexpr uint32_t MLEN = 192;
inline constexpr uint32_t MCLBYTES = 2048;
// Room that a sender leaves in front of its data for link, IP and TCP headers with options.
inline constexpr uint32_t max_header = 128;

struct mcluster {
  uint32_t mc_refs = 1;
  uint8_t mc_dat[MCLBYTES];
  mcluster() {}  // the data stays as it is
};

struct mbuf_pools {
  pool mbufs;
  pool clusters;
};

enum m_flag : uint8_t { M_BCAST = 1, M_MCAST = 2 };

struct mbuf {
  mbuf *m_next = nullptr;
  mbuf *m_nextpkt = nullptr;
  uint8_t *m_data;
  uint32_t m_len = 0;
  mcluster *m_ext = nullptr;
  mbuf_pools *m_pools;
  // Of the whole packet; kept in its first mbuf.
  uint32_t m_pktlen = 0;
  uint32_t m_src = 0;  // datagram in a socket buffer: who sent it
  uint16_t m_srcport = 0;
  uint8_t m_flags = 0;
  uint8_t m_dat[MLEN];

  explicit mbuf(mbuf_pools *pools) : m_data(m_dat), m_pools(pools) {}

  bytes space() { return m_ext != nullptr ? bytes(m_ext->mc_dat) : bytes(m_dat); }
  uint32_t leading() { return uint32_t(m_data - space().data()); }
  uint32_t trailing() { return uint32_t(space().size()) - leading() - m_len; }
  bytes data() { return {m_data, m_len}; }
};

// Frees one mbuf and returns the next; frees a chain (null is allowed).
mbuf *m_free(mbuf *);
void m_freem(mbuf *);

// Owns one packet.
class mbuf_ptr {
 public:
  mbuf_ptr() = default;
  explicit mbuf_ptr(mbuf *m) : m_(m) {}
  mbuf_ptr(mbuf_ptr &&o) noexcept : m_(o.release()) {}
  mbuf_ptr &operator=(mbuf_ptr &&o) noexcept {
    reset(o.release());
    return *this;
  }
  ~mbuf_ptr() { reset(); }

  mbuf *get() const { return m_; }
  mbuf *operator->() const { return m_; }
  explicit operator bool() const { return m_ != nullptr; }
  mbuf *release() {
    mbuf *m = m_;
    m_ = nullptr;
    return m;
  }
  void reset(mbuf *m = nullptr) {
    if (m_ != nullptr) m_freem(m_);
    m_ = m;
  }

 private:
  mbuf *m_ = nullptr;
};

// One empty mbuf; with a cluster behind it. Null: a pool is exhausted.
mbuf *m_get(mbuf_pools &);
mbuf *m_getcl(mbuf_pools &);

// Sum of m_len over a chain.
uint32_t m_length(const mbuf *);

// A packet with a copy of `src`, behind `leading` free bytes. Null: exhausted, nothing kept.
mbuf *m_devget(mbuf_pools &, const_bytes src, uint32_t leading);

// A packet that shares clusters with, or copies, `len` bytes at `off` of `m`, which must have them.
// Its first mbuf leaves max_header bytes of room in front.
mbuf *m_copym(mbuf_pools &, const mbuf *m, uint32_t off, uint32_t len);

// Copies bytes out of a chain, which must hold them.
void m_copydata(const mbuf *, uint32_t off, bytes to);

// Drops bytes from the front or from the tail of a packet, at most what is there.
void m_adj_front(mbuf *, uint32_t n);
void m_trim(mbuf *, uint32_t len);

// Makes the first `len` bytes (at most MLEN) contiguous. Null: the packet was too short or no mbuf
// was left; it has then been freed.
mbuf_ptr m_pullup(mbuf_ptr, uint32_t len);

// Puts `len` uninitialised bytes in front. Null: no mbuf was left, the packet has been freed.
mbuf_ptr m_prepend(mbuf_ptr, uint32_t len);

// What one mbuf, or a chain, costs its socket buffer.
inline uint32_t m_cost_one(const mbuf *m) { return MLEN + (m->m_ext != nullptr ? MCLBYTES : 0); }
uint32_t m_cost(const mbuf *);

}  // namespace kyu
