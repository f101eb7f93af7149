#include "ip/in_cksum.h"

namespace kyu {

namespace {

// Four bytes at a time; compilers make it more.
uint64_t sum_words(const_bytes b) {
  const uint8_t *p = b.data();
  size_t n = b.size();
  uint64_t sum = 0;
  for (size_t i = 0; i < n / 4; ++i) {
    uint32_t w;
    __builtin_memcpy(&w, p + 4 * i, 4);
    sum += w;
  }
  uint8_t tail[4] = {};
  for (size_t i = n / 4 * 4; i < n; ++i) tail[i % 4] = p[i];
  uint32_t last;
  __builtin_memcpy(&last, tail, 4);
  return sum + last;
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

}  // namespace kyu
