// A mutator that always gives the same input: libFuzzer's whole loop runs, and what is executed is known.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kyu::fuzz {

inline size_t put_fixed_input(std::span<const uint8_t> input, uint8_t *data, size_t max_size) {
  size_t n = std::min(input.size(), max_size);
  std::copy_n(input.begin(), n, data);
  return n;
}

}  // namespace kyu::fuzz
