// Big-endian wire fields as types (alignment 1), so that a header struct can lie anywhere in a
// frame and nobody forgets ntohs().
#pragma once

#include <cstdint>
#include <cstddef>
#include <span>
#include <type_traits>

namespace kyu {

struct be16 {
  uint8_t b[2];
  constexpr operator uint16_t() const { return uint16_t(b[0] << 8 | b[1]); }
  constexpr be16 &operator=(uint16_t v) {
    b[0] = uint8_t(v >> 8);
    b[1] = uint8_t(v);
    return *this;
  }
};

struct be32 {
  uint8_t b[4];
  constexpr operator uint32_t() const {
    return uint32_t(b[0]) << 24 | uint32_t(b[1]) << 16 | uint32_t(b[2]) << 8 | b[3];
  }
  constexpr be32 &operator=(uint32_t v) {
    b[0] = uint8_t(v >> 24);
    b[1] = uint8_t(v >> 16);
    b[2] = uint8_t(v >> 8);
    b[3] = uint8_t(v);
    return *this;
  }
};

static_assert(sizeof(be16) == 2 && alignof(be16) == 1);
static_assert(sizeof(be32) == 4 && alignof(be32) == 1);

using bytes = std::span<uint8_t>;
using const_bytes = std::span<const uint8_t>;

// In the first one's type.
template <class T>
constexpr T min_of(T a, std::type_identity_t<T> b) {
  return a < b ? a : b;
}
template <class T>
constexpr T max_of(T a, std::type_identity_t<T> b) {
  return a < b ? b : a;
}

}  // namespace kyu
