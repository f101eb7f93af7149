// What becomes of a peer's next IP packet on its way: fragments, options, another TTL.
#pragma once

#include "scenario/op.h"
#include "world/frame.h"

#include <functional>

namespace kyu::fuzz {

struct ip_shape {
  enum class order : uint8_t { in_order, reversed, twice, overlapping, without_first, without_last };

  uint32_t fragment = 0;  // bytes of data in each, rounded to eights; 0: whole
  order how = order::in_order;
  int options = 0;  // index into op.cc's names
  uint8_t ttl = 64;
  uint32_t shift = 0;  // added to each fragment's offset, in eights

  // From an `ip` op.
  static ip_shape of(const op &);
};

// `whole` is a frame with a packet without options. Calls `emit` for each frame that it becomes; what
// is no IP packet, or has no room for the options, stays as it is.
void shape_packet(const frame &whole, const ip_shape &, const std::function<void(const frame &)> &emit);

}  // namespace kyu::fuzz
