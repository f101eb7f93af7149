// The oracles' reading of frames, on frames that the peers build, and on what a receiver has to drop.
#include "oracles/wire.h"

#include "scenario/checksums.h"
#include "world/packet.h"

#include <gtest/gtest.h>

namespace kyu::fuzz {

namespace {

const route way{{{2, 0, 0, 0, 1, 0}}, {{2, 0, 0, 0, 0, 1}}, 0x0a000002, 0x0a000001};

frame segment(const tcp_options &o, uint32_t len) {
  tcphdr th{};
  th.th_sport = 40000;
  th.th_dport = 114;
  th.th_seq = 0xfffffff0;
  th.th_ack = 77;
  th.th_flags = TH_SYN | TH_ACK;
  th.th_win = 1000;
  frame f;
  build_tcp(f, way, th, o, 0, 0, len);
  return f;
}

TEST(wire, reads_a_segment) {
  tcp_options o;
  o.mss = 1400;
  o.sack_permitted = o.has_ts = o.has_wscale = true;
  o.wscale = 7;
  o.tsval = 123;
  o.tsecr = 456;
  frame f = segment(o, 101);
  wire_frame w;
  read_frame(f.view(), w);
  ASSERT_EQ(w.wrong, nullptr);
  ASSERT_EQ(w.is, wire_frame::kind::tcp);
  const wire_tcp &t = w.tcp;
  EXPECT_EQ(w.from, way.from);
  EXPECT_EQ(w.to, way.to);
  EXPECT_TRUE(std::ranges::equal(w.link_to, way.to_mac.octet));
  EXPECT_TRUE(std::ranges::equal(w.link_from, way.from_mac.octet));
  EXPECT_EQ(t.sport, 40000);
  EXPECT_EQ(t.dport, 114);
  EXPECT_EQ(t.ack, 77u);
  EXPECT_EQ(t.win, 1000);
  EXPECT_TRUE(t.has(bit_syn | bit_ack));
  EXPECT_EQ(t.end(), 0xfffffff0u + 102);
  EXPECT_TRUE(t.has_mss && t.has_wscale && t.sack_permitted && t.has_ts && t.options_end_well);
  EXPECT_EQ(t.mss, 1400);
  EXPECT_EQ(t.wscale, 7);
  EXPECT_EQ(t.tsval, 123u);
  EXPECT_EQ(t.tsecr, 456u);
}

// Each byte of the headers says something that a receiver checks, or that the reader tells.
TEST(wire, notices_any_damage_to_what_is_summed) {
  frame f = segment({}, 50);
  for (uint32_t at = 14; at < f.len; ++at)
    for (int bit = 0; bit < 8; ++bit) {
      frame damaged = f;
      damaged.data[at] ^= uint8_t(1 << bit);
      wire_frame w;
      read_frame(damaged.view(), w);
      bool another = w.is != wire_frame::kind::tcp;  // version and protocol, fragments
      EXPECT_TRUE(w.wrong != nullptr || another) << "byte " << at << ", bit " << bit;
    }
}

TEST(wire, survives_frames_of_any_length) {
  frame f = segment({}, 50);
  for (uint32_t len = 0; len < f.len; ++len) {
    std::vector<uint8_t> exactly(f.data, f.data + len);
    wire_frame w;
    read_frame(exactly, w);
    EXPECT_NE(w.wrong, nullptr);
  }
}

// An option that ends behind the list, and one of a length that there cannot be.
TEST(wire, notices_options_that_cannot_be) {
  tcp_options o;
  o.mss = 1400;
  constexpr uint32_t first_option = 14 + 20 + 20;
  for (uint8_t len : std::initializer_list<uint8_t>{0, 1, 3, 5, 40}) {
    frame f = segment(o, 0);
    f.data[first_option + 1] = len;
    fix_checksums(f.view());
    wire_frame w;
    read_frame(f.view(), w);
    EXPECT_EQ(w.wrong, nullptr);
    EXPECT_FALSE(w.tcp.options_end_well) << int(len);
  }
}

TEST(wire, sums_as_one_s_complement) {
  const uint8_t odd[] = {0x12, 0x34, 0x56};
  EXPECT_EQ(ones_sum(odd), 0x1234 + 0x5600);
  const uint8_t carries[] = {0xff, 0xff, 0x00, 0x02};
  EXPECT_EQ(ones_sum(carries), 2);
}

}  // namespace

}  // namespace kyu::fuzz
