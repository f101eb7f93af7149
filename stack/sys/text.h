// Text into a fixed buffer, without libc. What does not fit is cut off.
#pragma once

#include "sys/bytes.h"

#include <cstdint>

namespace kyu {

template <uint32_t Size>
class text_buffer {
 public:
  text_buffer &str(const char *s) {
    while (*s != 0) put(*s++);
    return *this;
  }
  text_buffer &dec(uint64_t v) {
    char digits[20];
    int n = 0;
    do digits[n++] = char('0' + v % 10);
    while ((v /= 10) != 0);
    while (n > 0) put(digits[--n]);
    return *this;
  }
  text_buffer &addr(uint32_t a) {
    return dec(a >> 24).str(".").dec(a >> 16 & 255).str(".").dec(a >> 8 & 255).str(".").dec(a & 255);
  }
  const char *c_str() const { return text_; }
  const_bytes view() const { return {reinterpret_cast<const uint8_t *>(text_), len_}; }

 private:
  void put(char c) {
    if (len_ + 1 < Size) text_[len_++] = c;
  }
  char text_[Size] = {};
  uint32_t len_ = 0;
};

}  // namespace kyu
