// What is a whole packet again, by the pieces that a peer cuts it into.
#include "oracles/pieces.h"

#include "world/ip_shape.h"
#include "world/packet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace kyu::fuzz {

namespace {

const route way{{{2, 0, 0, 0, 1, 0}}, {{2, 0, 0, 0, 0, 1}}, 0x0a000002, 0x0a000001};

struct outcome {
  bool whole = false, lost_track = false;
};

// A datagram comes in this shape; the first piece `late` ms before the others.
outcome comes(const ip_shape &shape, uint64_t late = 0) {
  frame whole;
  build_udp(whole, way, 1000, 53, 0, 100);
  pieces p;
  wire_frame f;
  read_frame(whole.view(), f);
  p.cut(whole.view(), f);
  outcome out;
  uint64_t now = 0;
  shape_packet(whole, shape, [&](const frame &piece) {
    read_frame(piece.view(), f);
    const_bytes got = p.arrives(now, f);
    if (!got.empty())
      out.whole = std::equal(got.begin(), got.end(), whole.view().begin(), whole.view().end());
    now += late;
  });
  out.lost_track = p.lost_track();
  return out;
}

TEST(pieces, a_packet_is_whole_once_all_of_it_is_there) {
  using order = ip_shape::order;
  for (order how : {order::in_order, order::reversed}) {
    outcome o = comes({.fragment = 40, .how = how});
    EXPECT_TRUE(o.whole && !o.lost_track);
  }
  for (order how : {order::without_first, order::without_last}) {
    outcome o = comes({.fragment = 40, .how = how});
    EXPECT_FALSE(o.whole || o.lost_track);
  }
}

TEST(pieces, nothing_is_said_of_what_may_be_refused) {
  using order = ip_shape::order;
  for (const ip_shape &shape :
       {ip_shape{.fragment = 40, .how = order::overlapping}, ip_shape{.fragment = 40, .how = order::twice},
        ip_shape{.fragment = 8}, ip_shape{.fragment = 40, .shift = 100}}) {
    outcome o = comes(shape);
    EXPECT_TRUE(o.lost_track && !o.whole);
  }
  EXPECT_TRUE(comes({.fragment = 40}, 20'000).lost_track);
}

TEST(pieces, of_a_packet_that_nobody_has_told_of_nothing_is_known) {
  frame whole;
  build_udp(whole, way, 1000, 53, 0, 100);
  wire_frame f;
  read_frame(whole.view(), f);
  pieces p;
  EXPECT_TRUE(p.arrives(0, f).empty());
  EXPECT_TRUE(p.lost_track());
}

}  // namespace

}  // namespace kyu::fuzz
