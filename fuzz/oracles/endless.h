// Two stacks that answer each other without end: frames on end that say nothing new.
#pragma once

#include "sys/bytes.h"

#include <array>
#include <cstdint>

namespace kyu::fuzz {

class endless {
 public:
  void begin() { *this = {}; }
  // A frame goes one of both ways. False: there have been too many that said nothing new.
  bool goes_on(size_t way, const_bytes);

 private:
  std::array<std::array<uint32_t, 4>, 2> said_{};  // by the last segment on each way
  uint32_t idle_ = 0;
};

}  // namespace kyu::fuzz
