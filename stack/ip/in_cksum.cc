#include "ip/in_cksum.h"

namespace kyu {

namespace {

// Folded to 16 bits, in memory byte order.
uint16_t fold16(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t((sum & 0xffff) + (sum >> 16));
}

uint64_t sum_words(const_bytes b) {
  uint64_t sum = 0;
  const uint8_t *p = b.data();
  size_t n = b.size();
  for (; n >= 16; n -= 16, p += 16) {
    uint32_t w[4];
    __builtin_memcpy(w, p, 16);
    sum += uint64_t(w[0]) + w[1] + w[2] + w[3];
  }
  for (; n >= 2; n -= 2, p += 2) {
    uint16_t w;
    __builtin_memcpy(&w, p, 2);
    sum += w;
  }
  if (n == 1) {
    uint8_t pair[2] = {*p, 0};
    uint16_t w;
    __builtin_memcpy(&w, pair, 2);
    sum += w;
  }
  return sum;
}

}  // namespace

void in_cksum::add(const_bytes b) {
  uint64_t sum = sum_words(b);
  if (odd_) {
    uint16_t folded = fold16(sum);
    sum = uint16_t(folded << 8 | folded >> 8);
  }
  sum_ += sum;
  odd_ ^= (b.size() & 1) != 0;
}

void in_cksum::add(const mbuf *m, uint32_t off, uint32_t len) {
  for (; len > 0; m = m->m_next) {
    KASSERT(m != nullptr, "in_cksum: chain too short");
    if (off >= m->m_len) {
      off -= m->m_len;
      continue;
    }
    uint32_t n = min_of(len, m->m_len - off);
    add(const_bytes(m->m_data + off, n));
    off = 0;
    len -= n;
  }
}

void in_cksum::add_pseudo(uint32_t src, uint32_t dst, uint8_t proto, uint16_t len) {
  struct {
    be32 src, dst;
    uint8_t zero, proto;
    be16 len;
  } ph{};
  ph.src = src;
  ph.dst = dst;
  ph.proto = proto;
  ph.len = len;
  add(const_bytes(reinterpret_cast<const uint8_t *>(&ph), sizeof ph));
}

uint16_t in_cksum::fold() const {
  uint16_t s = fold16(sum_);
  be16 wire;
  __builtin_memcpy(wire.b, &s, 2);
  return uint16_t(~uint16_t(wire));
}

}  // namespace kyu
