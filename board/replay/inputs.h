// The inputs to replay: an archive (replay/make_inputs.py) in the image, or one that a loader has put at the
// address
// inputs_start, which then counts instead.
#pragma once

#include <cstdint>
#include <string_view>

namespace kyu::board {

struct input {
  std::string_view name, bytes;
};

// How many there are; panics where the archive is broken.
uint32_t inputs_count();
input input_at(uint32_t n);

}  // namespace kyu::board
