// Frames toward the stack, without an allocation for each.
#pragma once

#include "sys/bytes.h"

#include <array>
#include <cstdint>
#include <memory>

namespace kyu::fuzz {

inline constexpr uint32_t max_frame = 1514;

struct frame {
  uint32_t len = 0;
  alignas(8) uint8_t data[(max_frame + 7) / 8 * 8];

  bytes view() { return {data, len}; }
  const_bytes view() const { return {data, len}; }
};

// The receive ring: frames on their way to the input thread, oldest first.
class frame_queue {
 public:
  static constexpr uint32_t capacity = 256;

  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == capacity; }
  void clear() { count_ = 0; }
  // Where the next frame may be built. It must not be full; nothing is queued before commit().
  frame &next() { return (*ring_)[(first_ + count_) % slots]; }
  void commit() { ++count_; }
  // The oldest frame leaves the queue; it stays as it is until the next pop().
  frame &pop() {
    frame &f = (*ring_)[first_];
    first_ = (first_ + 1) % slots;
    --count_;
    return f;
  }

 private:
  static constexpr uint32_t slots = capacity + 1;  // the frame that was popped last is still being read
  std::unique_ptr<std::array<frame, slots>> ring_ = std::make_unique<std::array<frame, slots>>();
  uint32_t first_ = 0, count_ = 0;
};

}  // namespace kyu::fuzz
