#include "ip/in_cksum.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace kyu {

namespace {

// RFC 1071 as its text says it: big-endian words, carries folded in at the end.
uint16_t reference(const std::vector<uint8_t> &b) {
  uint32_t sum = 0;
  for (size_t i = 0; i < b.size(); i += 2) sum += uint32_t(b[i] << 8) + (i + 1 < b.size() ? b[i + 1] : 0u);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t(~sum);
}

std::vector<uint8_t> random_bytes(std::mt19937 &r, size_t n) {
  std::vector<uint8_t> b(n);
  for (uint8_t &x : b) x = uint8_t(r());
  return b;
}

TEST(in_cksum, equals_the_reference_however_the_bytes_are_cut) {
  std::mt19937 r(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<uint8_t> b = random_bytes(r, r() % 200);
    if (round % 7 == 0) std::fill(b.begin(), b.end(), 0xff);
    in_cksum sum;
    for (size_t at = 0; at < b.size();) {
      size_t n = std::min<size_t>(1 + r() % 50, b.size() - at);
      sum.add(const_bytes(b).subspan(at, n));
      at += n;
    }
    ASSERT_EQ(sum.fold(), reference(b)) << b.size() << " bytes, round " << round;
  }
}

TEST(in_cksum, is_zero_over_data_with_its_own_checksum) {
  std::mt19937 r(2);
  std::vector<uint8_t> b = random_bytes(r, 100);
  uint16_t check = reference(b);
  b.push_back(uint8_t(check >> 8));
  b.push_back(uint8_t(check));
  in_cksum right, wrong;
  right.add(b);
  EXPECT_EQ(right.fold(), 0);
  b[50] ^= 1;
  wrong.add(b);
  EXPECT_NE(wrong.fold(), 0);
}

}  // namespace

}  // namespace kyu
