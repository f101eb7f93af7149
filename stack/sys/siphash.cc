#include "sys/siphash.h"

namespace kyu {

namespace {

struct sip_state {
  uint64_t v0, v1, v2, v3;

  static constexpr uint64_t rotl(uint64_t x, int n) { return x << n | x >> (64 - n); }

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = rotl(v1, 13) ^ v0;
    v3 = rotl(v3, 16) ^ v2;
    v0 = rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = rotl(v1, 17) ^ v2;
    v3 = rotl(v3, 21) ^ v0;
    v2 = rotl(v2, 32);
  }

  void take(uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

uint64_t siphash(const siphash_key &key, std::span<const uint64_t> words) {
  sip_state s{key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d, key.k0 ^ 0x6c7967656e657261,
              key.k1 ^ 0x7465646279746573};
  for (uint64_t w : words) s.take(w);
  s.take(uint64_t(words.size()) * 8 << 56);  // the length of the message, as its last word
  s.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) s.round();
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

}  // namespace kyu
