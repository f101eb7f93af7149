// Mutation and crossover on ops, not bytes.
#pragma once

#include "scenario/op.h"
#include "scenario/target.h"

#include <cstdint>

namespace kyu::fuzz {

// A small generator with a seed, so that a mutation is a function of its input and seed.
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

// One or more small changes.
void mutate(scenario &, target, random_source &);

// A front part of one and a back part of the other, or one woven into the other.
scenario cross(const scenario &, const scenario &, random_source &);

}  // namespace kyu::fuzz
