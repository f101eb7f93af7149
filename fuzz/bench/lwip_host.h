// lwIP (Debian's liblwip) as a host to measure beside ours: one interface, one listener, the connection
// that came last. On its raw interface, which is the fastest it has.
#pragma once

#include "world/frame.h"

#include <cstdint>
#include <functional>

namespace kyu::fuzz {

// There is one lwIP in a process, so all of it is one object that is never made twice.
class lwip_host {
 public:
  static lwip_host &instance();

  void begin(uint32_t addr, const uint8_t (&mac)[6]);
  void input(const frame &);
  void listen(uint16_t port);
  void connect(uint32_t addr, uint16_t port);
  // Takes as much as there is room for; the number of bytes. `more`: do not send yet.
  uint32_t send(const uint8_t *data, uint32_t len);
  void close();
  bool connected() const { return connected_; }
  uint64_t received() const { return received_; }

  std::function<void(const_bytes)> on_sent;

 private:
  friend struct lwip_callbacks;
  lwip_host() = default;

  void *netif_ = nullptr;
  void *pcb_ = nullptr;
  bool connected_ = false;
  uint64_t received_ = 0;
  frame tx_;
};

}  // namespace kyu::fuzz
