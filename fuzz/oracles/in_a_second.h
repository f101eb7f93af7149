// How often something has happened within one second.
#pragma once

#include <cstdint>

namespace kyu::fuzz {

class in_a_second {
 public:
  // Once more, at `ms`. How many there are in its second, with this one.
  uint32_t another(uint64_t ms) {
    if (second_ != ms / 1000) count_ = 0;
    second_ = ms / 1000;
    return ++count_;
  }

 private:
  uint64_t second_ = UINT64_MAX;
  uint32_t count_ = 0;
};

}  // namespace kyu::fuzz
