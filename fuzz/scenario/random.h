// A small generator with a seed (splitmix64).
#pragma once

#include <cstdint>

namespace kyu::fuzz {

// So that a mutation is a function of its input and seed, and a scenario's entropy always the same.
class random_source {
 public:
  explicit random_source(uint64_t seed) : s_(seed) {}
  uint32_t next() {
    s_ += 0x9e3779b97f4a7c15;
    uint64_t z = (s_ ^ s_ >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return uint32_t(z >> 32);
  }
  uint32_t below(uint32_t n) { return n == 0 ? 0 : uint32_t(uint64_t(next()) * n >> 32); }
  bool one_in(uint32_t n) { return below(n) == 0; }

 private:
  uint64_t s_;
};

}  // namespace kyu::fuzz
