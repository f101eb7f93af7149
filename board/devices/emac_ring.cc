#include "devices/emac_ring.h"

#include <cstddef>

namespace kyu::board {

namespace {

// The size field of a descriptor has eleven bits.
constexpr uint32_t usable_bytes = buffer_bytes - 4;

void link_up(emac_ring_memory &m, uint32_t bus) {
  for (uint32_t i = 0; i < ring_slots; ++i) {
    emac_descriptor &d = m.descriptor[i];
    d.buffer = bus + uint32_t(offsetof(emac_ring_memory, buffer)) + i * buffer_bytes;
    d.next = bus + (i + 1) % ring_slots * uint32_t(sizeof(emac_descriptor));
    d.size = 0;
    d.status = 0;
  }
}

bool is_filled(const emac_descriptor &d) { return (d.status & desc_owned_by_device) == 0; }

// The other processor of this memory must not see a descriptor before what it stands for.
void memory_barrier() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

}  // namespace

rx_ring::rx_ring(emac_ring_memory &m, uint32_t bus) : m_(m), bus_(bus) {
  link_up(m, bus);
  for (uint32_t i = 0; i < ring_slots; ++i) return_to_device(i);
}

void rx_ring::return_to_device(uint32_t slot) {
  emac_descriptor &d = m_.descriptor[slot];
  d.size = usable_bytes;
  memory_barrier();
  d.status = desc_owned_by_device;
}

// Frames come in the order of the ring. A device that once found no buffer may go on at another one (QEMU's
// begins at the head again): then the first that is filled is next.
bool rx_ring::find_filled() {
  if (is_filled(m_.descriptor[next_])) return true;
  for (uint32_t ahead = 1; ahead < ring_slots; ++ahead) {
    uint32_t slot = (next_ + ahead) % ring_slots;
    if (!is_filled(m_.descriptor[slot])) continue;
    next_ = slot;
    ++resyncs;
    return true;
  }
  return false;
}

const_bytes rx_ring::take() {
  while (find_filled()) {
    uint32_t status = m_.descriptor[next_].status;
    memory_barrier();
    uint32_t len = status >> desc_rx_length_shift & desc_rx_length_mask;
    bool whole = (status & desc_rx_first) != 0 && (status & desc_rx_last) != 0;
    if (whole && (status & desc_rx_errors) == 0 && len > fcs_bytes && len <= usable_bytes) {
      ++frames;
      return {m_.buffer[next_], len - fcs_bytes};
    }
    ++refused;
    give_back();
  }
  return {};
}

void rx_ring::give_back() {
  return_to_device(next_);
  next_ = (next_ + 1) % ring_slots;
}

tx_ring::tx_ring(emac_ring_memory &m, uint32_t bus) : m_(m) { link_up(m, bus); }

uint8_t *tx_ring::reserve(uint32_t len) {
  if (len <= usable_bytes && is_filled(m_.descriptor[next_])) return m_.buffer[next_];
  ++full;
  return nullptr;
}

void tx_ring::commit(uint32_t len) {
  emac_descriptor &d = m_.descriptor[next_];
  d.size = len | desc_tx_first | desc_tx_last;
  memory_barrier();
  d.status = desc_owned_by_device;
  memory_barrier();
  next_ = (next_ + 1) % ring_slots;
  ++frames;
}

}  // namespace kyu::board
