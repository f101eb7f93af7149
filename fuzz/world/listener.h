// What a world lets others see while a scenario runs.
#pragma once

#include "sys/bytes.h"

#include <cstdint>
#include <string>

namespace kyu::fuzz {

class listener {
 public:
  virtual ~listener() = default;
  // Op number `index` begins; one more than there are: everything is closed, and time passes.
  virtual void op_begins(int32_t index) { (void)index; }
  // `ms` of virtual time.
  virtual void frame_in(uint64_t ms, const_bytes) = 0;   // as the input thread gets it
  virtual void frame_out(uint64_t ms, const_bytes) = 0;  // as the stack sends it, also where it will be lost
  // What else became visible: an API call and its result.
  virtual void note(uint64_t ms, const std::string &text) = 0;
};

}  // namespace kyu::fuzz
