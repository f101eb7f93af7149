// The descriptor rings against a model of the device: one that goes on where it stopped, as the manual has
// it, and one that begins at the head of the list when it has found no buffer, as QEMU's does.
#include "devices/emac_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace kyu::board {
namespace {

constexpr uint32_t bus = 0x40100000, crc_error = 1 << 1;

// Reaches descriptors and buffers by bus addresses only, as DMA does.
class device {
 public:
  explicit device(emac_ring_memory &m) : m_(m) {}

  bool head_again = false;  // after it found no buffer

  // False: no buffer.
  bool receive(const std::vector<uint8_t> &frame, uint32_t errors = 0) {
    std::optional<uint32_t> at = first_owned(rx_at_);
    if (!at) {
      if (head_again) rx_at_ = bus;
      return false;
    }
    emac_descriptor &d = descriptor(*at);
    EXPECT_GE(d.size & desc_size_mask, frame.size() + fcs_bytes);
    std::copy(frame.begin(), frame.end(), buffer(d.buffer));
    d.status =
        desc_rx_first | desc_rx_last | errors | uint32_t(frame.size() + fcs_bytes) << desc_rx_length_shift;
    rx_at_ = d.next;
    return true;
  }

  std::vector<std::vector<uint8_t>> transmit() {
    std::vector<std::vector<uint8_t>> sent;
    for (emac_descriptor *d; ((d = &descriptor(tx_at_))->status & desc_owned_by_device) != 0;
         tx_at_ = d->next) {
      EXPECT_EQ(d->size & (desc_tx_first | desc_tx_last), desc_tx_first | desc_tx_last);
      const uint8_t *b = buffer(d->buffer);
      sent.emplace_back(b, b + (d->size & desc_size_mask));
      d->status = 0;
    }
    return sent;
  }

  void restart_at(uint32_t at) { rx_at_ = at; }

 private:
  std::optional<uint32_t> first_owned(uint32_t at) {
    if (!head_again)
      return (descriptor(at).status & desc_owned_by_device) != 0 ? std::optional(at) : std::nullopt;
    for (uint32_t i = 0; i < ring_slots; ++i, at = descriptor(at).next)
      if ((descriptor(at).status & desc_owned_by_device) != 0) return at;
    return std::nullopt;
  }
  emac_descriptor &descriptor(uint32_t at) { return m_.descriptor[(at - bus) / sizeof(emac_descriptor)]; }
  uint8_t *buffer(uint32_t at) { return reinterpret_cast<uint8_t *>(&m_) + (at - bus); }

  emac_ring_memory &m_;
  uint32_t rx_at_ = bus, tx_at_ = bus;
};

std::vector<uint8_t> frame(uint32_t number, size_t len = 60) {
  std::vector<uint8_t> f(len, uint8_t(number * 7));
  memcpy(f.data(), &number, sizeof number);
  return f;
}

std::vector<uint8_t> copy(const_bytes f) { return {f.begin(), f.end()}; }

struct RxRingTest : testing::TestWithParam<bool> {
  std::unique_ptr<emac_ring_memory> memory = std::make_unique<emac_ring_memory>();
  rx_ring ring{*memory, bus};
  device dev{*memory};
  RxRingTest() { dev.head_again = GetParam(); }
};

TEST_P(RxRingTest, FramesComeInOrderWithoutTheirFcs) {
  for (uint32_t n = 0; n < 3 * ring_slots; ++n) {
    ASSERT_TRUE(dev.receive(frame(n, 60 + n * 10)));
    ASSERT_EQ(copy(ring.take()), frame(n, 60 + n * 10));
    ring.give_back();
    ASSERT_TRUE(ring.take().empty());
  }
  EXPECT_EQ(ring.frames, 3 * ring_slots);
  EXPECT_EQ(ring.resyncs, 0u);
}

TEST_P(RxRingTest, AFullRingRefusesAndGoesOn) {
  for (uint32_t n = 0; n < ring_slots; ++n) ASSERT_TRUE(dev.receive(frame(n)));
  EXPECT_FALSE(dev.receive(frame(999)));
  for (uint32_t n = 0; n < ring_slots; ++n) {
    ASSERT_EQ(copy(ring.take()), frame(n));
    ring.give_back();
  }
  EXPECT_TRUE(dev.receive(frame(1000)));
  EXPECT_EQ(copy(ring.take()), frame(1000));
}

TEST_P(RxRingTest, BrokenFramesAreRefused) {
  ASSERT_TRUE(dev.receive(frame(1), crc_error));
  ASSERT_TRUE(dev.receive({}));
  ASSERT_TRUE(dev.receive(frame(2)));
  EXPECT_EQ(copy(ring.take()), frame(2));
  EXPECT_EQ(ring.refused, 2u);
}

// Whatever the device does when it runs out of buffers: no frame that it took is lost, and none comes twice.
// One that goes on where it stopped keeps their order.
TEST_P(RxRingTest, NothingIsLostUnderPressure) {
  std::mt19937 random(2);
  std::vector<uint32_t> in, out;
  bool held = false;
  for (uint32_t n = 0; n < 20000; ++n) {
    if (random() % 100 < 55) {
      if (dev.receive(frame(n))) in.push_back(n);
      continue;
    }
    if (held) ring.give_back();
    const_bytes f = ring.take();
    held = !f.empty();
    if (held) {
      uint32_t number;
      memcpy(&number, f.data(), sizeof number);
      out.push_back(number);
    } else {
      dev.restart_at(ring.next_descriptor());
    }
  }
  if (held) ring.give_back();
  for (const_bytes f; !(f = ring.take()).empty(); ring.give_back()) {
    uint32_t number;
    memcpy(&number, f.data(), sizeof number);
    out.push_back(number);
  }
  EXPECT_GT(in.size(), 8000u);
  if (dev.head_again) std::sort(out.begin(), out.end());
  EXPECT_EQ(in, out);
}

INSTANTIATE_TEST_SUITE_P(Devices, RxRingTest, testing::Bool(),
                         [](const auto &p) { return p.param ? "HeadAgain" : "WhereItStopped"; });

struct TxRingTest : testing::Test {
  std::unique_ptr<emac_ring_memory> memory = std::make_unique<emac_ring_memory>();
  tx_ring ring{*memory, bus};
  device dev{*memory};

  bool send(const std::vector<uint8_t> &f) {
    uint8_t *at = ring.reserve(uint32_t(f.size()));
    if (at == nullptr) return false;
    std::copy(f.begin(), f.end(), at);
    ring.commit(uint32_t(f.size()));
    return true;
  }
};

TEST_F(TxRingTest, FramesLeaveInOrder) {
  for (uint32_t n = 0; n < 3 * ring_slots; ++n) {
    ASSERT_TRUE(send(frame(n, 14 + n)));
    ASSERT_EQ(dev.transmit(), (std::vector<std::vector<uint8_t>>{frame(n, 14 + n)}));
  }
}

TEST_F(TxRingTest, AFullRingRefuses) {
  for (uint32_t n = 0; n < ring_slots; ++n) ASSERT_TRUE(send(frame(n)));
  EXPECT_FALSE(send(frame(99)));
  EXPECT_EQ(ring.full, 1u);
  EXPECT_EQ(dev.transmit().size(), ring_slots);
  EXPECT_TRUE(send(frame(100)));
}

TEST_F(TxRingTest, AFrameThatIsTooLongHasNoBuffer) {
  EXPECT_EQ(ring.reserve(buffer_bytes), nullptr);
  EXPECT_NE(ring.reserve(1514), nullptr);
}

}  // namespace
}  // namespace kyu::board
