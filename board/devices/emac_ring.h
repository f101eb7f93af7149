// The EMAC's descriptor rings (H3 user manual, 8.9): what the device may use, what it has filled, and in
// which order. Plain memory without a device, so that it is tested on a host against a model of one.
#pragma once

#include "sys/bytes.h"

#include <cstdint>

namespace kyu::board {

// As the device reads and writes it.
struct emac_descriptor {
  volatile uint32_t status, size, buffer, next;
};
static_assert(sizeof(emac_descriptor) == 16);

inline constexpr uint32_t desc_owned_by_device = 1u << 31;  // status
inline constexpr uint32_t desc_rx_first = 1 << 9, desc_rx_last = 1 << 8;
inline constexpr uint32_t desc_rx_errors = 1 << 14 | 1 << 7 | 1 << 6 | 1 << 4 | 1 << 3 | 1 << 1 | 1 << 0;
inline constexpr uint32_t desc_rx_length_shift = 16, desc_rx_length_mask = 0x3fff;
inline constexpr uint32_t desc_tx_last = 1 << 30,
                          desc_tx_first = 1 << 29;  // size
inline constexpr uint32_t desc_size_mask = 0x7ff;

inline constexpr uint32_t ring_slots = 32, buffer_bytes = 2048;
inline constexpr uint32_t fcs_bytes = 4;

// Descriptors and buffers of one direction; lies in memory that is shared with the device.
struct emac_ring_memory {
  emac_descriptor descriptor[ring_slots];
  uint8_t buffer[ring_slots][buffer_bytes];
};

class rx_ring {
 public:
  // `bus` is the memory's address as the device knows it. All buffers are the device's afterwards.
  rx_ring(emac_ring_memory &, uint32_t bus);

  // The next frame, without its FCS; empty: none has come. It stays until give_back(), which must be called
  // before the next take().
  const_bytes take();
  void give_back();
  // Where the next frame is expected, as the device knows it.
  uint32_t next_descriptor() const { return bus_ + next_ * uint32_t(sizeof(emac_descriptor)); }

  uint64_t frames = 0, refused = 0, resyncs = 0;

 private:
  void return_to_device(uint32_t slot);
  bool find_filled();

  emac_ring_memory &m_;
  uint32_t bus_;
  uint32_t next_ = 0;
};

class tx_ring {
 public:
  tx_ring(emac_ring_memory &, uint32_t bus);

  // A buffer of `len` bytes, at most buffer_bytes; null: the ring is full.
  uint8_t *reserve(uint32_t len);
  // What was reserved is the device's to send.
  void commit(uint32_t len);

  uint64_t frames = 0, full = 0;

 private:
  emac_ring_memory &m_;
  uint32_t next_ = 0;
};

}  // namespace kyu::board
